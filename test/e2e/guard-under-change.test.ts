import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { at } from '../../instance/http.ts';
import { withClient } from '../../instance/roles.ts';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';

const BUNDLE = 'directus-extension-governed-dispatch';
const RELOADS = 12;
const WRITERS = 6;

let instance: GuardedInstance;

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
});

afterAll(() => instance?.stop());

const asSuperuser = (sql: string, values: unknown[] = []) =>
	withClient(instance.database.superuserUrl, (client) => client.query(sql, values));

/** Puts the triggers of a table back as `governed apply` leaves them. */
async function guardsOn(table: string): Promise<void> {
	await asSuperuser(`alter table ${table} enable trigger all`);
	await asSuperuser(`do $$ declare t name; begin
		for t in select tgname from pg_trigger where tgrelid = '${table}'::regclass and not tgisinternal loop
			execute format('alter table ${table} enable always trigger %I', t);
		end loop;
	end $$`);
}

async function extensionId(folder: string): Promise<string> {
	const { rows } = await asSuperuser('select id from directus_extensions where folder = $1', [folder]);
	return String(rows[0]?.id);
}

async function runtime(): Promise<{ state: string; reason?: string; probes: { id: string; result: string }[] }> {
	const answer = await instance.as(instance.adminToken, '/hostile/runtime');
	return at(answer.body, 'data') as Awaited<ReturnType<typeof runtime>>;
}

/** Polls until `holds` is true; the policy is read again within five seconds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 15_000;
	while (Date.now() < end) {
		if (await holds()) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}

	throw new Error('it did not come to that in 15 s');
}

const toggle = async (id: string, enabled: boolean) => {
	const answer = await instance.as(instance.adminToken, `/extensions/${id}`, {
		method: 'PATCH',
		body: { meta: { enabled } },
	});
	expect(answer.status, answer.text).toBe(200);
};

test('the boot probe saw wrapper and hooks refuse', async () => {
	const { state, probes } = await runtime();
	expect(state).toBe('active');
	expect(probes.map(({ id, result }) => [id, result])).toEqual([
		['wrapper:events-on', 'refused'],
		['wrapper:events-off', 'refused'],
		['hooks:events-on', 'refused'],
	]);
});

describe('while extensions are reloaded', () => {
	test(`no governed write passes during ${RELOADS} reloads under load, and the twin is written all along`, async () => {
		const neighbour = await extensionId('neighbour');
		const before = await instance.snapshot('gov_items');

		let running = true;
		const seen = { refused: 0, other: [] as string[], free: 0 };

		const writer = async (turn: number) => {
			while (running) {
				const attack = turn % 2 === 0 ? '/items/gov_items' : '/hostile/createOne/gov_items';
				const answer = await instance.as(instance.adminToken, attack, { method: 'POST', body: { title: 'storm' } });
				if (refusalOf(answer).reason === 'NOT_IN_WRITE_ALLOWLIST') seen.refused += 1;
				// While the endpoint itself is unloaded its route is not there: that is no refusal, and no write.
				else if (refusalOf(answer).code !== 'ROUTE_NOT_FOUND') seen.other.push(answer.text);
				const free = await instance.as(instance.adminToken, '/items/free_items', {
					method: 'POST',
					body: { title: 'storm' },
				});
				if (free.status === 200) seen.free += 1;
			}
		};

		const writers = Array.from({ length: WRITERS }, (_value, turn) => writer(turn));

		try {
			for (let reload = 0; reload < RELOADS; reload += 1) await toggle(neighbour, reload % 2 === 1);
		} finally {
			running = false;
			await Promise.all(writers);
		}

		expect(seen.other).toEqual([]);
		expect(seen.refused).toBeGreaterThan(100);
		expect(seen.free).toBeGreaterThan(100);
		expect(await instance.snapshot('gov_items')).toBe(before);
	});

	test('the guard still decides, with evidence, after the bundle was switched off in SQL', async () => {
		const before = await instance.snapshot('gov_items');
		await asSuperuser('alter table directus_extensions disable trigger all');
		const ids = await asSuperuser(
			`update directus_extensions set enabled = false where folder = $1 or bundle = (select id from directus_extensions where folder = $1) returning id`,
			[BUNDLE],
		);

		try {
			const neighbour = await extensionId('neighbour');
			await toggle(neighbour, true);
			await until(async () => (await instance.as(instance.adminToken, '/governance/posture')).status === 404);
			const answer = await instance.as(instance.adminToken, '/items/gov_items', {
				method: 'POST',
				body: { title: 'x' },
			});
			expect(refusalOf(answer), answer.text).toMatchObject({
				code: 'GOVERNED_WRITE_DENIED',
				reason: 'NOT_IN_WRITE_ALLOWLIST',
			});
			expect(await instance.evidence((refusalOf(answer).evidence as { id: string }).id)).not.toBeNull();
			expect(await instance.snapshot('gov_items')).toBe(before);
		} finally {
			await asSuperuser('update directus_extensions set enabled = true where id = any($1)', [
				ids.rows.map(({ id }) => id),
			]);
			await guardsOn('public.directus_extensions');
			await toggle(await extensionId('neighbour'), false);
			await until(async () => (await instance.as(instance.adminToken, '/governance/posture')).status === 200);
		}
	});
});

describe('on hold', () => {
	/** Changes the policy row behind the guards' back, as only a superuser can, and puts it back afterwards. */
	async function whileTampered(sql: string, check: () => Promise<void>): Promise<void> {
		await asSuperuser('alter table governance.policy disable trigger all');

		try {
			await asSuperuser('create table public.kept_policy as select * from governance.policy');
			await asSuperuser(sql);
			await until(async () => (await runtime()).state === 'hold');
			await check();
		} finally {
			await asSuperuser(
				'delete from governance.policy; insert into governance.policy select * from public.kept_policy; drop table public.kept_policy',
			);
			await guardsOn('governance.policy');
			await until(async () => (await runtime()).state === 'active');
		}
	}

	const refusesWritesAndReadsOn = async () => {
		const write = await instance.as(instance.adminToken, '/items/free_items', { method: 'POST', body: { title: 'x' } });
		expect(write.status, write.text).toBe(403);
		expect(refusalOf(write)).toMatchObject({ code: 'GOVERNANCE_HOLD', reason: 'POLICY_NOT_VERIFIED' });
		const system = await instance.as(instance.adminToken, '/hostile/createOne/gov_items', { method: 'POST' });
		expect(refusalOf(system)).toMatchObject({ code: 'GOVERNANCE_HOLD' });
		expect((await instance.as(instance.adminToken, '/items/free_items')).status).toBe(200);
		expect((await instance.as(instance.agentToken, '/items/gov_items')).status).toBe(200);
	};

	test('a policy whose signature does not hold', async () => {
		await whileTampered(
			`insert into governance.policy select p.generation + 1, p.digest, substr(p.jws, 1, length(p.jws) - 8) || 'AAAAAAAA', p.key_id, p.apply_id, p.applied_at from governance.policy p order by generation desc limit 1`,
			async () => {
				expect((await runtime()).reason).toBe('POLICY_SIGNATURE_INVALID');
				await refusesWritesAndReadsOn();
			},
		);
	});

	test('no policy at all', async () => {
		await whileTampered('delete from governance.policy', async () => {
			expect((await runtime()).reason).toBe('POLICY_MISSING');
			await refusesWritesAndReadsOn();
		});
	});

	test('an older generation, well signed, after a newer one; the newer had taken effect without a restart', async () => {
		const note = () => instance.as(instance.agentToken, '/items/agent_notes', { method: 'POST', body: { title: 'x' } });
		expect((await note()).status).toBe(200);

		const narrower = join(instance.folder, 'narrower.config.ts');
		const base = fileURLToPath(new URL('./support/guard.config.ts', import.meta.url));
		await writeFile(
			narrower,
			`import base from ${JSON.stringify(base)};\nexport default { ...base, write_allowlist: [] };\n`,
		);
		await instance.apply(narrower);
		await until(async () => refusalOf(await note()).reason === 'NOT_IN_WRITE_ALLOWLIST');

		await whileTampered(
			'delete from governance.policy where generation = (select max(generation) from governance.policy)',
			async () => {
				expect((await runtime()).reason).toBe('POLICY_GENERATION_WENT_BACK');
				await refusesWritesAndReadsOn();
			},
		);
	});
});

test('evidence that cannot be written: refused all the same, and said so', async () => {
	await asSuperuser('alter function governance.append_evidence(jsonb) rename to append_evidence_gone');

	try {
		const answer = await instance.as(instance.adminToken, '/items/gov_items', { method: 'POST', body: { title: 'x' } });
		expect(answer.status).toBe(403);
		expect(refusalOf(answer)).toMatchObject({
			code: 'GOVERNANCE_HOLD',
			reason: 'EVIDENCE_NOT_WRITTEN',
			evidence: null,
		});
		const byDatabase = await instance.as(instance.adminToken, '/hostile/knexUpdate/gov_items', { method: 'POST' });
		expect(refusalOf(byDatabase)).toMatchObject({
			code: 'GOVERNANCE_HOLD',
			reason: 'EVIDENCE_NOT_WRITTEN',
			evidence: null,
		});
	} finally {
		await asSuperuser('alter function governance.append_evidence_gone(jsonb) rename to append_evidence');
	}
});

test('a wrapper that somebody took off is noticed at the next reload, and holds the instance', async () => {
	await instance.as(instance.adminToken, '/hostile/unwrap', { method: 'POST' });
	await toggle(await extensionId('hostile'), true);
	await until(async () => (await runtime()).state === 'hold');
	expect((await runtime()).reason).toBe('GUARD_NOT_DEMONSTRATED');
	const answer = await instance.as(instance.adminToken, '/items/free_items/1', {
		method: 'PATCH',
		body: { title: 'x' },
	});
	expect(refusalOf(answer)).toMatchObject({ code: 'GOVERNANCE_HOLD' });
});
