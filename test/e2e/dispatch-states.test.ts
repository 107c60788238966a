import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { at } from '../../instance/http.ts';
import { digestOf } from '../../src/service/canonical.ts';
import {
	type DispatchInstance,
	PROOF_WORDS,
	refusalOf,
	startDispatchInstance,
	until,
} from './support/dispatch-instance.ts';

let instance: DispatchInstance;
beforeAll(async () => {
	instance = await startDispatchInstance(inject('cluster'));
});
afterAll(async () => instance?.stop());

const plan = (changes: object = {}) => ({
	tool: 'DOT_KG_EXPLAIN',
	mode: 'PLAN_ONLY',
	correlation_id: randomUUID(),
	...changes,
});
const outcome = async (changes: object = {}) => {
	const answer = await instance.dispatch(plan(changes));
	if (answer.status !== 200) expect(answer.text).not.toMatch(PROOF_WORDS);
	return [answer.status, answer.status === 200 ? 'PLANNED' : refusalOf(answer).reason];
};
const realRun = () => outcome({ mode: 'REAL_RUN' });
const adminId = async () => {
	const answer = await instance.get('/users/me?fields=id');
	return String(at(answer.body, 'data', 'id'));
};

/** Claims as a node that is still deciding, or died, would have; answers its token. */
async function claimElsewhere(correlationId: string, leaseSeconds: number): Promise<string> {
	const request = { v: 1, surface: 'rest', tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', input: null, grant: null };
	const claim = {
		caller: `user:${await adminId()}`,
		correlation_id: correlationId,
		request_digest: digestOf(request),
		lease_ms: leaseSeconds * 1_000,
	};
	const [row] = await instance.sql<{ token: string }>(
		"select governance.claim_dispatches($1::jsonb) -> 0 ->> 'token' as token",
		[JSON.stringify([claim])],
	);
	return String(row?.token);
}

/** Takes the check constraints of a table away, as only its owner could; answers how to put them back. */
async function dropChecks(table: string): Promise<() => Promise<void>> {
	const checks = await instance.sql<{ name: string; definition: string }>(
		`select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
		where conrelid = $1::regclass and contype = 'c'`,
		[table],
	);
	for (const { name } of checks) await instance.sql(`alter table ${table} drop constraint ${name}`);
	return async () => {
		for (const { name, definition } of checks)
			await instance.sql(`alter table ${table} add constraint ${name} ${definition}`);
	};
}

describe('a correlation id', () => {
	test('used for a different request is refused', async () => {
		const correlation_id = randomUUID();
		expect(await outcome({ correlation_id })).toEqual([200, 'PLANNED']);
		expect(await outcome({ correlation_id, input: { node: 'x' } })).toEqual([409, 'CORRELATION_ID_REUSED']);
		expect((await instance.dispatch(plan({ correlation_id }), instance.agentToken)).status).toBe(200);
	});

	test('in flight on another node is awaited, then refused without an answer', async () => {
		const correlation_id = randomUUID();
		await claimElsewhere(correlation_id, 60);
		expect(await outcome({ correlation_id })).toEqual([409, 'CORRELATION_ID_IN_PROGRESS']);
	});

	test('answered by another node in the meantime gives that answer', async () => {
		const correlation_id = randomUUID();
		const token = await claimElsewhere(correlation_id, 60);
		const waiting = instance.dispatch(plan({ correlation_id }));
		await new Promise((resolve) => setTimeout(resolve, 700));
		const answer = { v: 1, reason: null, message: null, json: '{"theirs":true}' };
		const evidence = { id: randomUUID(), body: '{"kind":"dispatch"}' };
		await instance.sql('select governance.settle_dispatches($1::jsonb)', [
			JSON.stringify([{ token, answer, evidence }]),
		]);
		expect((await waiting).body).toEqual({ data: { theirs: true } });
	});

	test('of a node that died is taken over when its lease ends', async () => {
		const correlation_id = randomUUID();
		await claimElsewhere(correlation_id, 1);
		expect(await outcome({ correlation_id })).toEqual([200, 'PLANNED']);
	});
});

describe('REAL_RUN is refused, whatever the state', () => {
	test('of gates: dispatch closed', async () => {
		await instance.govern({ gates: { dispatch_enabled: false } });
		try {
			expect(await outcome()).toEqual([403, 'GATE_CLOSED']);
			expect(await realRun()).toEqual([403, 'REAL_RUN_REFUSED']);
		} finally {
			await instance.govern();
		}
		expect(await outcome()).toEqual([200, 'PLANNED']);
		expect(await realRun()).toEqual([403, 'REAL_RUN_REFUSED']);
	});

	test('of the gates row: opened by a superuser, or gone', async () => {
		const table = 'public.governance_gates';
		const restoreChecks = await dropChecks(table);
		await instance.tamper(table, 'create table gates_before as select * from governance_gates');
		try {
			await instance.tamper(
				table,
				`update ${table} set execute_enabled = true, real_run_enabled = true, dry_run_only = false`,
			);
			expect(await outcome()).toEqual([503, 'GOVERNANCE_HOLD']);
			expect(await realRun()).toEqual([403, 'REAL_RUN_REFUSED']);
			expect(JSON.stringify(at((await instance.get('/governance/posture')).body, 'data', 'alarms'))).toContain(
				'GATES_DIFFER',
			);
			await instance.tamper(table, `delete from ${table}`);
			expect(await outcome()).toEqual([503, 'GOVERNANCE_HOLD']);
			expect(await realRun()).toEqual([403, 'REAL_RUN_REFUSED']);
		} finally {
			await instance.tamper(table, `delete from ${table}`);
			await instance.tamper(table, `insert into ${table} select * from gates_before`);
			await instance.sql('drop table gates_before');
			await restoreChecks();
		}
		expect(await outcome()).toEqual([200, 'PLANNED']);
	});

	test('of contracts: edited, added or removed by a superuser', async () => {
		const table = 'public.dot_agent_api_contract';
		const restoreChecks = await dropChecks(table);
		await instance.sql(`create table contracts_before as select * from ${table}`);
		const attempts = [
			`update ${table} set modes = '["PLAN_ONLY","DRY_RUN","REAL_RUN"]' where tool = 'DOT_KG_EXPLAIN'`,
			`update ${table} set callers = '{"roles":[],"users":[],"surfaces":["rest"]}' where tool = 'DOT_KG_EXPLAIN'`,
			`update ${table} set input_schema = 'true' where tool = 'DOT_KG_EXPLAIN'`,
			`delete from ${table} where tool = 'DOT_KG_EXPLAIN'`,
		];
		try {
			for (const attempt of attempts) {
				await instance.tamper(table, attempt);
				expect(await outcome()).toEqual([503, 'GOVERNANCE_HOLD']);
				expect(await realRun()).toEqual([403, 'REAL_RUN_REFUSED']);
			}
			await instance.tamper(
				table,
				`insert into ${table} select 'DOT_UNCONTRACTED', version, executor, path, modes, side_effects, input_schema,
					output_schema, callers, rate_per_minute, max_input_bytes, digest from contracts_before where tool = 'DOT_KG_EXPLAIN'`,
			);
			expect(await outcome({ tool: 'DOT_UNCONTRACTED' })).toEqual([503, 'GOVERNANCE_HOLD']);
		} finally {
			await instance.tamper(table, `delete from ${table}`);
			await instance.tamper(table, `insert into ${table} select * from contracts_before`);
			await instance.sql('drop table contracts_before');
			await restoreChecks();
		}
		expect(await outcome()).toEqual([200, 'PLANNED']);
	});

	test('of grants: one forged into the table grants nothing', async () => {
		const table = 'public.governance_grants';
		const restoreChecks = await dropChecks(table);
		const grant = 'forged-grant';
		const columns = await instance.sql<{ name: string }>(
			`select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped`,
		);
		const hash = await import('../../src/service/dispatch/gather-facts.ts').then(({ hashGrant }) => hashGrant(grant));
		const values: Record<string, string> = {
			id: 'gen_random_uuid()',
			token_hash: `'${hash}'`,
			tool: "'DOT_KG_EXPLAIN'",
			caller: `'user:${await adminId()}'`,
			modes: `'["DRY_RUN","REAL_RUN"]'`,
			contract_digest: "''",
			expires_at: "now() + interval '1 day'",
			max_uses: '10',
		};
		const named = columns.map(({ name }) => name).filter((name) => name in values);
		await instance.tamper(
			table,
			`insert into ${table} (${named.join(', ')}) values (${named.map((name) => values[name]).join(', ')})`,
		);
		try {
			expect(await outcome({ mode: 'DRY_RUN', grant })).toEqual([403, 'GRANT_INVALID']);
			expect(await outcome({ mode: 'REAL_RUN', grant })).toEqual([403, 'REAL_RUN_REFUSED']);
		} finally {
			await instance.tamper(table, `delete from ${table}`);
			await restoreChecks();
		}
	});

	test('of the policy: one nobody signed holds everything but the refusal itself', async () => {
		const table = 'governance.policy';
		await instance.tamper(
			table,
			`insert into ${table} select generation + 1000, digest, jws, key_id, apply_id, now() from ${table}
				order by generation desc limit 1`,
		);
		try {
			await until(async () => (await instance.get('/governance/health')).status === 503);
			expect(await outcome()).toEqual([503, 'GOVERNANCE_HOLD']);
			expect(await realRun()).toEqual([403, 'REAL_RUN_REFUSED']);
			const posture = (await instance.get('/governance/posture')).body;
			expect(at(posture, 'data', 'state')).toBe('hold');
			expect(JSON.stringify(at(posture, 'data', 'alarms'))).toContain('HOLD');
		} finally {
			await instance.tamper(table, `delete from ${table} where generation > 1000`);
		}
		await until(async () => (await instance.get('/governance/health')).status === 200);
		expect(await outcome()).toEqual([200, 'PLANNED']);
	});
});

describe('without a ledger to write to', () => {
	test.each([
		[
			'the evidence function is gone',
			'alter function governance.append_evidence(jsonb) rename to gone',
			'alter function governance.gone(jsonb) rename to append_evidence',
		],
		[
			'the claim function is gone',
			'alter function governance.claim_dispatches(jsonb) rename to gone',
			'alter function governance.gone(jsonb) rename to claim_dispatches',
		],
		[
			'the settle function is gone',
			'alter function governance.settle_dispatches(jsonb) rename to gone',
			'alter function governance.gone(jsonb) rename to settle_dispatches',
		],
	])('%s: held, unrecorded, and it says nothing of why', async (_what, breakIt, mendIt) => {
		await instance.sql(breakIt);
		try {
			const answer = await instance.dispatch(plan());
			expect([answer.status, refusalOf(answer).reason, refusalOf(answer).evidence]).toEqual([
				503,
				'GOVERNANCE_HOLD',
				null,
			]);
			expect(answer.text).not.toMatch(/append_evidence|claim_dispatches|settle_dispatches|select|stack/i);
			expect((await instance.dispatch(plan({ mode: 'REAL_RUN' }))).status).toBeGreaterThanOrEqual(400);
		} finally {
			await instance.sql(mendIt);
		}
		expect(await outcome()).toEqual([200, 'PLANNED']);
	});

	test('a decision that cannot write: no governed row changes by any dispatch', async () => {
		const before = await instance.governedRows();
		for (const mode of ['PLAN_ONLY', 'DRY_RUN', 'REAL_RUN']) await outcome({ mode });
		expect(await instance.governedRows()).toBe(before);
	});
});

test('the cost of a dispatch does not grow with the ledgers: none is scanned whole', async () => {
	const scans = async () =>
		(
			await instance.sql<{ scans: string }>(
				`select sum(seq_scan) as scans from pg_stat_user_tables
				where relname in ('governance_evidence', 'dispatch_claims')`,
			)
		)[0]?.scans;
	// PostgreSQL publishes a session's counts when it is idle, at most once a second.
	const settled = async () => {
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		await outcome();
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		return scans();
	};
	const before = await settled();
	const repeated = randomUUID();
	for (let index = 0; index < 20; index++) {
		await outcome();
		await outcome({ correlation_id: repeated });
		await outcome({ mode: 'REAL_RUN' });
	}
	await Promise.all(Array.from({ length: 60 }, () => outcome()));
	expect(await settled()).toBe(before);
});
