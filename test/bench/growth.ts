import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { type ClusterHandle, directusDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { withClient } from '../../instance/roles.ts';
import { createDispatchStore } from '../../src/adapters/postgres/dispatch-store.ts';
import { openOperatorSession } from '../../src/adapters/postgres/registrar/session.ts';
import { createSelfTest } from '../../src/adapters/postgres/self-test.ts';
import type { PolicyDocument } from '../../src/contracts/policy.ts';
import {
	appliedChanges,
	collections,
	type Registrar,
	registrarOf,
	testSigner,
} from '../integration/support/governed-database.ts';
import { startDurableCluster } from './instances.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const PAIRS = 7;
const TABLES = [20, 200, 2_000];
const LEDGER_ROWS = [10_000, 100_000, 1_000_000];
/** Flat: what ten or a hundred times as much may cost at most, as a multiple of the least. */
const FLAT = 1.15;
const WRITES = 200;
const WRITTEN = 20;
const DISPATCHES = 100;

type Say = (line: string) => void;

interface Grown {
	tables: number;
	database: TestDatabase;
	registrar: Registrar;
	policy: PolicyDocument;
}

const nameOf = (n: number) => `bench_${n}`;

/** A database with so many governed tables. */
async function grown(handle: ClusterHandle, tables: number, say: Say): Promise<Grown> {
	const database = await directusDatabase(handle);
	const names = Array.from({ length: tables }, (_, n) => nameOf(n));
	await withClient(database.directusUrl, async (client) => {
		for (const name of names) await client.query(`create table ${name} (id bigint primary key, title text)`);
	});
	const registrar = registrarOf(database, await testSigner());
	const started = performance.now();
	appliedChanges(await registrar.apply(collections(...names)));
	say(`apply of ${tables} tables: ${((performance.now() - started) / tables).toFixed(1)} ms a table`);
	const policy = await withClient(database.superuserUrl, async (client) => {
		const { rows } = await client.query<{ jws: string }>(
			'select jws from governance.policy order by generation desc limit 1',
		);
		const payload = (rows[0]?.jws ?? '').split('.')[1] ?? '';
		return JSON.parse(Buffer.from(payload, 'base64url').toString()) as PolicyDocument;
	});
	return { tables, database, registrar, policy };
}

let id = 0;

/**
 * Milliseconds of one guarded insert with its commit, the mean of many, over one connection. As many tables are written whatever
 * their number: the first write of a session to a table compiles its triggers, and that is no growth.
 */
async function writeMs({ database, tables }: Grown): Promise<number> {
	const client = await openOperatorSession(database.operatorUrl);
	try {
		const started = performance.now();
		for (let n = 0; n < WRITES; n += 1) {
			id += 1;
			await client.query(`begin; set local role governance_writer;
				insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
				values (gen_random_uuid(), pg_current_xact_id(), '', '', session_user, '{}');
				insert into public.${nameOf((n % WRITTEN) * (tables / WRITTEN))} values (${id}, 'row'); commit`);
		}
		return (performance.now() - started) / WRITES;
	} finally {
		await client.end();
	}
}

/** What the bundle tries at boot, and what `governed verify` compares; milliseconds for each governed table. */
async function selfTestMs({ database, policy, tables }: Grown): Promise<number> {
	const pool = new pg.Pool({ connectionString: database.directusUrl, max: 1 });
	try {
		const started = performance.now();
		const controls = await createSelfTest(pool, () => '').run(policy);
		const failed = controls.filter(({ state }) => state !== 'demonstrated');
		if (failed.length > 0) throw new Error(JSON.stringify(failed));
		return (performance.now() - started) / tables;
	} finally {
		await pool.end();
	}
}

async function planMs({ registrar, tables }: Grown): Promise<number> {
	const names = Array.from({ length: tables }, (_, n) => nameOf(n));
	const started = performance.now();
	const outcome = await registrar.plan(collections(...names));
	if (outcome.kind !== 'unchanged') throw new Error(`a plan of what was applied found ${outcome.kind}`);
	return (performance.now() - started) / tables;
}

async function byTables(handle: ClusterHandle, say: Say): Promise<PairedResult[]> {
	const results: PairedResult[] = [];
	const [least, ...more] = TABLES;
	const base = await grown(handle, least ?? 20, say);
	for (const tables of more) {
		const many = await grown(handle, tables, say);
		const compare = (name: string, unit: string, measure: (of: Grown) => Promise<number>) =>
			comparePaired(
				{
					name: `${name}, ${tables} governed tables against ${base.tables}`,
					unit,
					better: 'lower',
					aim: FLAT,
					ours: () => measure(many),
					yardstick: () => measure(base),
				},
				PAIRS,
				say,
			);
		results.push(await compare('a guarded write', 'ms', writeMs));
		results.push(await compare('the self-test at boot', 'ms a table', selfTestMs));
		results.push(await compare('comparing what was applied', 'ms a table', planMs));
		await many.database.drop();
	}
	await base.database.drop();
	return results;
}

/** Ledgers as years of dispatches would leave them: put there by a superuser with the guards off, in a moment. */
async function withLedgers(handle: ClusterHandle, rows: number): Promise<TestDatabase> {
	const database = await directusDatabase(handle);
	appliedChanges(await registrarOf(database, await testSigner()).apply());
	await withClient(database.superuserUrl, async (client) => {
		await client.query('set session_replication_role = replica');
		for (const table of ['governance.dispatch_claims', 'public.governance_evidence']) {
			await client.query(`alter table ${table} disable trigger all`);
		}
		await client.query(
			`insert into governance.dispatch_claims (caller, correlation_id, request_digest, token, lease_until, answer, evidence_id)
			select 'user:' || n % 100, 'old-' || n, 'sha256:' || n, gen_random_uuid(), now(), '{"v":1}', gen_random_uuid() from generate_series(1, $1::int) n`,
			[rows],
		);
		await client.query(
			`insert into public.governance_evidence (entry_index, id, leaf_hash, body)
			select size + n, gen_random_uuid(), sha256(n::text::bytea), convert_to('{"v":1,"kind":"dispatch","at":"' || n || '"}', 'UTF8')
			from governance.evidence_head, generate_series(0, $1::int - 1) n`,
			[rows],
		);
		await client.query('alter table governance.evidence_head disable trigger all');
		await client.query('update governance.evidence_head set size = size + $1', [rows]);
		for (const table of ['governance.dispatch_claims', 'public.governance_evidence', 'governance.evidence_head']) {
			await client.query(`do $$ declare t name; begin
				for t in select tgname from pg_trigger where tgrelid = '${table}'::regclass and not tgisinternal loop
					execute format('alter table ${table} enable always trigger %I', t);
				end loop; end $$`);
			await client.query(`vacuum analyze ${table}`);
		}
		await client.query('checkpoint');
	});
	return database;
}

/** Milliseconds of one dispatch in the database: claim, the snapshot of the decision, evidence and answer. */
async function dispatchMs({ directusUrl }: TestDatabase): Promise<number> {
	const pool = new pg.Pool({ connectionString: directusUrl, max: 1 });
	try {
		const store = createDispatchStore(pool);
		const started = performance.now();
		for (let n = 0; n < DISPATCHES; n += 1) {
			const claim = {
				caller: `user:${n % 100}`,
				correlation_id: randomUUID(),
				request_digest: 'sha256:0',
				lease_ms: 45_000,
			};
			const { claims } = await store.claimAndRead([{ claim, question: { tool: 'DOT_KG_EXPLAIN', grantHash: null } }]);
			const [claimed] = claims;
			if (claimed?.status !== 'claimed') throw new Error(`a new claim was ${claimed?.status}`);
			const entry = {
				v: 1,
				kind: 'dispatch',
				at: '',
				instance: null,
				surface: 'rest',
				actor: { kind: 'user', user: null, role: null },
				facts: {},
			} as const;
			const answer = { v: 1 as const, reason: null, message: null, json: '{}' };
			await store.settle([{ token: claimed.token, answer, evidence: { id: randomUUID(), entry } }]);
		}
		return (performance.now() - started) / DISPATCHES;
	} finally {
		await pool.end();
	}
}

async function byLedgers(handle: ClusterHandle, say: Say): Promise<PairedResult[]> {
	const results: PairedResult[] = [];
	const [least = 0, ...more] = LEDGER_ROWS;
	const base = await withLedgers(handle, least);
	for (const rows of more) {
		const full = await withLedgers(handle, rows);
		results.push(
			await comparePaired(
				{
					name: `a dispatch in the database, ledgers of ${rows} rows against ${least}`,
					unit: 'ms',
					better: 'lower',
					aim: FLAT,
					ours: () => dispatchMs(full),
					yardstick: () => dispatchMs(base),
				},
				PAIRS,
				say,
			),
		);
		await full.drop();
	}
	await base.drop();
	return results;
}

/** What grows with the instance and must not grow with it: governed tables, and the ledgers behind a dispatch. */
export async function benchGrowth(say: Say): Promise<PairedResult[]> {
	const cluster = await startDurableCluster();
	try {
		return [...(await byLedgers(cluster.handle, say)), ...(await byTables(cluster.handle, say))];
	} finally {
		await cluster.stop();
	}
}
