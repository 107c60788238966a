import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { directusDatabase, emptyDatabase, type TestDatabase, uniqueName } from '../../instance/cluster.ts';
import { call } from '../../instance/http.ts';
import { enableReader, urlFor, withClient } from '../../instance/roles.ts';
import { createPolicyKeys, loadPolicySigner } from '../../src/adapters/keys/policy-keys.ts';
import { applyDesiredState } from '../../src/adapters/postgres/registrar/apply.ts';
import { governanceConfigSchema } from '../../src/config/schema.ts';
import { dryRunResponseSchema } from '../../src/contracts/executor.ts';
import { OWN_TABLES } from '../../src/core/governed-tables.ts';
import { createSnapshotReader } from '../../src/executor/snapshot.ts';
import { type RunningExecutor, type StartOptions, startExecutor } from '../../src/executor/start.ts';
import { readSources } from '../../src/executor/tools/kg-explain/read-sources.ts';
import { KG_EXPLAIN_INPUT_SCHEMA, KG_EXPLAIN_RESULT_SCHEMA } from '../../src/executor/tools/kg-explain/schema.ts';
import type { Read } from '../../src/executor/tools/tool.ts';
import { digestOf } from '../../src/service/canonical.ts';
import { desiredState } from '../../src/service/register/desired-state.ts';

const cluster = inject('cluster');
const log = { info: () => {}, error: () => {} };
const FLOW = 'f1000000-0000-4000-8000-000000000001';

let database: TestDatabase;
let executor: RunningExecutor;
const stops: (() => Promise<unknown>)[] = [];

const tool = (code: string, object: string) => ({
	code,
	title: code,
	verb: 'audit',
	object,
	description: code,
	path: `bin/${code}`,
});

const contract = (code: string, input: object) => ({
	tool: code,
	version: '1.0.0',
	executor: 'agent-api',
	path: `/dot/${code}/dry-run`,
	modes: ['PLAN_ONLY', 'DRY_RUN'],
	side_effects: 'none',
	input_schema: input,
	output_schema: { type: 'object' },
});

async function govern(target: TestDatabase): Promise<void> {
	const config = governanceConfigSchema.parse({
		environment: 'test',
		executors: { 'agent-api': { url: 'http://127.0.0.1:1' } },
		collections: { price_list: {} },
		tools: [
			tool('DOT_KG_EXPLAIN', 'governance graph'),
			tool('DOT_INVENTORY', 'registry'),
			tool('DOT_PRICE_LIST_AUDIT', 'price list'),
		],
		contracts: [contract('DOT_KG_EXPLAIN', KG_EXPLAIN_INPUT_SCHEMA), contract('DOT_INVENTORY', { type: 'object' })],
		tables: [{ table: 'public.dot_tools', class: 'registry', purpose: 'Tools' }],
	});
	const keys = await mkdtemp(join(tmpdir(), 'governed-keys-'));
	await createPolicyKeys(keys);
	const outcome = await applyDesiredState(target.operatorUrl, desiredState(config), await loadPolicySigner(keys), {
		commit: true,
	});
	await rm(keys, { recursive: true });
	expect(outcome).toMatchObject({ kind: 'applied' });
	await enableReader(cluster.superuserUrl, cluster.readerPassword);
}

async function governedDatabase(): Promise<TestDatabase> {
	const target = await directusDatabase(cluster);
	await withClient(target.directusUrl, async (client) => {
		await client.query('create table public.price_list (id integer primary key, price integer)');
		await client.query(
			`insert into public.directus_flows (id, name, status, trigger, options) values ($1, 'Nightly', 'inactive', 'schedule', '{"headers":"secret-token"}')`,
			[FLOW],
		);
		await client.query(
			`insert into public.directus_operations (id, key, type, position_x, position_y, flow, options)
			values (gen_random_uuid(), 'a', 'governed-dispatch', 1, 1, $1, '{"tool":"DOT_KG_EXPLAIN"}')`,
			[FLOW],
		);
	});
	await govern(target);
	return target;
}

async function start(databaseUrl: string, options: Partial<StartOptions> = {}): Promise<RunningExecutor> {
	const running = await startExecutor({
		databaseUrl,
		tools: ['DOT_KG_EXPLAIN'],
		log,
		port: 0,
		verifyGrant: async () => ({ ok: true }),
		...options,
	});
	stops.push(() => running.close());
	return running;
}

async function dryRun(to: RunningExecutor, input: object = {}) {
	const response = await fetch(`${to.url}/dot/DOT_KG_EXPLAIN/dry-run`, {
		method: 'POST',
		headers: { authorization: 'Bearer grant', 'content-type': 'application/json' },
		body: JSON.stringify({ correlation_id: 'test', input }),
	});
	const body = await response.json();
	return { status: response.status, body, reason: body.errors?.[0]?.extensions?.reason };
}

/** What a correct dry run answers; fails the test on anything else. */
async function explained(to: RunningExecutor, input: object = {}) {
	const { status, body } = await dryRun(to, input);
	expect({ status, body }).toMatchObject({ status: 200 });
	const response = dryRunResponseSchema.parse(body);
	// biome-ignore lint/suspicious/noExplicitAny: any shape may be looked into by a test
	return { ...response, result: response.result as any };
}

beforeAll(async () => {
	database = await governedDatabase();
	executor = await start(database.readerUrl);
	stops.length = 0;
});

afterEach(async () => {
	for (const stop of stops.splice(0).reverse()) await stop();
});

afterAll(async () => {
	await executor?.close();
	await database?.drop();
});

describe('a dry run on a real database', () => {
	it('is healthy', async () => {
		expect(await call(`${executor.url}/healthz`)).toMatchObject({ status: 200, body: { status: 'ok' } });
	});

	it('explains a tool from live rows, with a true digest and the proof of its transaction', async () => {
		const { result, digest, read_only } = await explained(executor, { node: 'tool:DOT_KG_EXPLAIN', depth: 3 });
		expect(result.neighbours.map(({ id }: { id: string }) => id)).toEqual([
			'contract:DOT_KG_EXPLAIN',
			'executor:agent-api',
			'gates:1',
			'contract:DOT_INVENTORY',
			`flow:${FLOW}`,
		]);
		expect(digest).toBe(digestOf(result));
		expect(read_only.snapshot).toMatch(/^\d+:\d+:[\d,]*$/);
		expect(result.counts).toMatchObject({ tool: 3, contract: 2, executor: 1, flow: 1, gates: 1 });
	});

	it('links a tool to the governed collection it names, and says how that one is guarded', async () => {
		const { result } = await explained(executor, { node: 'collection:price_list' });
		expect(result.node.facts).toMatchObject({ guard_class: 'governed' });
		expect(result.neighbours.map(({ id }: { id: string }) => id)).toEqual(['tool:DOT_PRICE_LIST_AUDIT']);
	});

	it('answers in the shape it declares, and the same to the byte when asked twice', async () => {
		const matches = new Ajv2020({ strict: true }).compile(KG_EXPLAIN_RESULT_SCHEMA);
		for (const input of [{}, { node: 'gates:1', depth: 4 }, { node: `flow:${FLOW}` }, { node: 'tool:NONE' }]) {
			const [first, second] = [await explained(executor, input), await explained(executor, input)];
			expect(matches(first.result), JSON.stringify(matches.errors)).toBe(true);
			expect(second.digest).toBe(first.digest);
		}
	});

	it('reads no options of flows and says so; nothing in them leaks', async () => {
		const { result } = await explained(executor, { node: `flow:${FLOW}`, depth: 4 });
		expect(result.not_readable).toEqual([
			expect.objectContaining({ table: 'public.directus_flows', columns: ['options'], reason: 'withheld' }),
			expect.objectContaining({ table: 'public.directus_operations', columns: ['options'], reason: 'withheld' }),
		]);
		expect(JSON.stringify(result)).not.toContain('secret-token');
	});

	it('serves many at a time over its few connections', async () => {
		const answers = await Promise.all(Array.from({ length: 40 }, () => dryRun(executor, { node: 'gates:1' })));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
		const { rows } = await withClient(database.superuserUrl, (client) =>
			client.query(
				`select count(*)::int as n from pg_stat_activity where application_name = 'governed-executor' and datname = current_database()`,
			),
		);
		expect(rows[0].n).toBeLessThanOrEqual(4);
	});

	it('sees one instant, whatever is committed meanwhile', async () => {
		const reader = createSnapshotReader(database.readerUrl);
		stops.push(() => reader.close());
		const outcome = await reader.inSnapshot('DOT_KG_EXPLAIN', async (read) => {
			const before = await readSources(read);
			await withClient(database.directusUrl, (client) =>
				client.query(`update public.directus_flows set name = name || '!' where id = $1`, [FLOW]),
			);
			return [before, await readSources(read)];
		});
		expect(outcome.kind).toBe('done');
		if (outcome.kind === 'done') expect(outcome.value[1]).toEqual(outcome.value[0]);
	});
});

describe('what the reader may not read is said, and stops nothing', () => {
	it('a privilege taken away', async () => {
		const other = await governedDatabase();
		stops.push(() => other.drop());
		await withClient(other.directusUrl, (client) =>
			client.query('revoke select (status) on public.directus_flows from governance_reader'),
		);
		const { result } = await explained(await start(other.readerUrl), { node: 'tool:DOT_KG_EXPLAIN' });
		expect(result.not_readable).toContainEqual(
			expect.objectContaining({ table: 'public.directus_flows', columns: ['status'], reason: 'no_privilege' }),
		);
		expect(result.explanation.join(' ')).toContain('public.directus_flows was not readable: flows are not known.');
	});

	it("a view that Directus's role put in the place of its table is not run", async () => {
		const other = await governedDatabase();
		stops.push(() => other.drop());
		await withClient(other.directusUrl, async (client) => {
			await client.query('alter table public.directus_flows rename to directus_flows_real');
			await client.query(`create function public.planted() returns text language plpgsql as
				$$ begin raise exception 'the planted function ran'; end $$`);
			await client.query(`create view public.directus_flows as
				select id, public.planted() as name, status, trigger, operation from public.directus_flows_real`);
			await client.query('grant select on public.directus_flows to governance_reader');
		});
		const { result } = await explained(await start(other.readerUrl));
		expect(result.not_readable).toContainEqual(
			expect.objectContaining({ table: 'public.directus_flows', reason: 'not_a_plain_table' }),
		);
	});

	it('row security that hides rows', async () => {
		const other = await governedDatabase();
		stops.push(() => other.drop());
		await withClient(other.directusUrl, (client) =>
			client.query('alter table public.directus_collections enable row level security'),
		);
		const { result } = await explained(await start(other.readerUrl));
		expect(result.not_readable).toContainEqual(
			expect.objectContaining({ table: 'public.directus_collections', reason: 'not_a_plain_table' }),
		);
	});
});

describe('an executor that could write computes nothing', () => {
	it('as a superuser it is refused by the database, although the same query would succeed', async () => {
		const superuser = await start(database.superuserUrl);
		expect(await dryRun(superuser)).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
		expect(await call(`${superuser.url}/healthz`)).toMatchObject({ status: 503, body: { reason: 'NOT_SAFE' } });

		await withClient(database.superuserUrl, async (client) => {
			await client.query('begin transaction isolation level repeatable read read only');
			const read: Read = async <Row>(sql: string, values: readonly unknown[] = []) =>
				(await client.query(sql, [...values])).rows as Row[];
			const { rows } = await readSources(read);
			expect(rows.dot_tools).toHaveLength(3);
			await expect(client.query(`select governance.fn_assert_safe_for_dot_action('X')`)).rejects.toMatchObject({
				code: 'GD004',
			});
		});
	});

	it('as the operator it is refused', async () => {
		const operator = await start(database.operatorUrl);
		expect(await dryRun(operator)).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
	});

	it("as Directus's role it is refused", async () => {
		const directus = await start(database.directusUrl);
		expect(await dryRun(directus)).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
	});

	it.each([
		[
			'one column of one governed table is granted to it',
			'grant update (price) on public.price_list to ROLE',
			'NOT_SAFE',
		],
		['it may become the writer', 'grant governance_writer to ROLE', 'NOT_SAFE'],
		['it may put a trigger on a registry table', 'grant trigger on public.dot_tools to ROLE', 'NOT_SAFE'],
	])('a reader is refused as soon as %s', async (_title, grant, reason) => {
		const role = uniqueName('reader');
		await withClient(database.superuserUrl, async (client) => {
			await client.query(`create role ${role} login password 'reader-password' in role governance_reader`);
		});
		stops.push(() =>
			withClient(database.superuserUrl, (client) => client.query(`drop owned by ${role}; drop role ${role}`)),
		);
		const reader = await start(urlFor(database.superuserUrl, { role, password: 'reader-password' }));
		expect(await dryRun(reader)).toMatchObject({ status: 200 });
		await withClient(database.superuserUrl, (client) => client.query(grant.replace('ROLE', role)));
		expect(await dryRun(reader)).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
		expect(await call(`${reader.url}/healthz`)).toMatchObject({ status: 503, body: { reason } });
	});

	it('where governance is not installed it is not healthy and computes nothing', async () => {
		const bare = await emptyDatabase(cluster);
		stops.push(() => bare.drop());
		const running = await start(bare.directusUrl);
		expect(await call(`${running.url}/healthz`)).toMatchObject({ status: 503, body: { reason: 'NOT_INSTALLED' } });
		expect(await dryRun(running)).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
	});
});

describe("attacks over the executor's own login", () => {
	const columns: Record<string, string> = {
		...Object.fromEntries(OWN_TABLES.map(({ schema, name, key }) => [`${schema}.${name}`, key])),
		'governance.dispatch_claims': 'caller',
		'public.price_list': 'price',
		'public.directus_collections': 'collection',
		'public.directus_flows': 'name',
		'public.directus_operations': 'type',
	};
	const tables = Object.keys(columns);
	const writes = (table: string) => [
		`insert into ${table} default values`,
		`update ${table} set ${columns[table]} = ${columns[table]}`,
		`delete from ${table}`,
		`truncate ${table}`,
		`truncate ${table} cascade`,
		`lock table ${table} in exclusive mode`,
		`select 1 from ${table} for update`,
		`alter table ${table} disable trigger all`,
		`drop table ${table}`,
	];
	const elevations = [
		'set role governance_writer',
		'set role governance_owner',
		'set role governed_operator',
		'set role directus',
		'set session authorization directus',
		'set session_replication_role = replica',
		'alter role governance_reader superuser',
		'grant governance_writer to governance_reader',
		'create table public.planted (id integer)',
		'create table governance.planted (id integer)',
		'create schema planted',
		`create function governance.planted() returns void language sql as ''`,
		`select governance.append_evidence('[]')`,
		`select governance.claim_dispatches('[]')`,
		`select governance.settle_dispatches('[]')`,
		`copy public.price_list from program 'echo 1'`,
		`select token_hash from public.governance_grants`,
	];

	async function contents(): Promise<string> {
		return withClient(database.superuserUrl, async (client) => {
			const sums: string[] = [];
			for (const table of tables) {
				const { rows } = await client.query(
					`select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from ${table} t`,
				);
				sums.push(JSON.stringify(rows));
			}
			return sums.join('\n');
		});
	}

	it('every write outside a READ ONLY transaction is refused for want of privilege', async () => {
		const before = await contents();
		await withClient(database.readerUrl, async (client) => {
			await client.query('set default_transaction_read_only = off');
			await client.query('set session characteristics as transaction read write');
			await client.query(`select set_config('transaction_read_only', 'off', false)`);
			const { rows } = await client.query(`select current_setting('transaction_read_only') as mode`);
			expect(rows).toEqual([{ mode: 'off' }]);
			for (const attack of [...tables.flatMap(writes), ...elevations]) {
				await client.query('begin transaction read write');
				const outcome = await client.query(attack).then(
					() => 'succeeded',
					(error: pg.DatabaseError) => error.code,
				);
				await client.query('commit');
				expect({ attack, outcome }).toEqual({ attack, outcome: '42501' });
			}
		});
		expect(await contents()).toBe(before);
	});

	it('a computation cannot turn its transaction into one that writes', async () => {
		const before = await contents();
		const reader = createSnapshotReader(database.readerUrl);
		stops.push(() => reader.close());
		const attempts = [
			'set transaction_read_only = off',
			'set local transaction_read_only to false',
			'set transaction read write',
			'set transaction isolation level read committed',
			`select set_config('transaction_read_only', 'off', true)`,
			'select 1; commit; delete from public.price_list',
			'create temporary table planted (id integer)',
			...tables.flatMap(writes),
			...elevations,
		];
		for (const attempt of attempts) {
			const outcome = await reader
				.inSnapshot('DOT_KG_EXPLAIN', (read) => read(attempt))
				.then(
					({ kind }) => kind,
					(error: unknown) => (error instanceof pg.DatabaseError ? 'refused' : String(error)),
				);
			expect({ attempt, outcome }).not.toMatchObject({ outcome: 'done' });
		}
		expect(await contents()).toBe(before);
	});

	it('what PostgreSQL 15 lets a READ ONLY transaction do to large objects is rolled back', async () => {
		const reader = createSnapshotReader(database.readerUrl);
		stops.push(() => reader.close());
		await reader.inSnapshot('DOT_KG_EXPLAIN', (read) => read('select lo_create(424242)')).catch(() => undefined);
		const { rows } = await withClient(database.superuserUrl, (client) =>
			client.query('select oid from pg_largeobject_metadata where oid = 424242'),
		);
		expect(rows).toEqual([]);
	});

	it('a text that holds two statements is none', async () => {
		const reader = createSnapshotReader(database.readerUrl);
		stops.push(() => reader.close());
		const pending = reader.inSnapshot('DOT_KG_EXPLAIN', (read) => read('select 1; select 2'));
		await expect(pending).rejects.toMatchObject({ code: '42601' });
	});

	it('a computation that ends its transaction is thrown away, and the next one is safe again', async () => {
		const reader = createSnapshotReader(database.readerUrl, { connections: 1 });
		stops.push(() => reader.close());
		await expect(reader.inSnapshot('DOT_KG_EXPLAIN', (read) => read('commit'))).rejects.toThrow(/not read only/);
		const outcome = await reader.inSnapshot('DOT_KG_EXPLAIN', (read) =>
			read<{ mode: string }>(`select current_setting('transaction_read_only') as mode`),
		);
		expect(outcome).toMatchObject({ kind: 'done', value: [{ mode: 'on' }] });
	});
});

describe('a database that misbehaves', () => {
	it('locked: the statement limit ends the wait, and the next computation works', async () => {
		const hasty = await start(database.readerUrl, { limits: { statementMs: 300, connections: 1 } });
		await withClient(database.directusUrl, async (client) => {
			await client.query('begin');
			await client.query('lock table public.directus_flows in access exclusive mode');
			expect(await dryRun(hasty)).toMatchObject({ status: 504, reason: 'EXECUTOR_TIMEOUT' });
			await client.query('rollback');
		});
		expect(await dryRun(hasty)).toMatchObject({ status: 200 });
	});

	it('hanging up in the middle: the run is held, and the next one works', async () => {
		const running = await start(database.readerUrl, { limits: { connections: 1 } });
		await withClient(database.directusUrl, async (client) => {
			await client.query('begin');
			await client.query('lock table public.directus_flows in access exclusive mode');
			const pending = dryRun(running);
			await withClient(database.superuserUrl, async (superuser) => {
				const end = performance.now() + 4_000;
				for (let killed = 0; killed === 0 && performance.now() < end; ) {
					const { rowCount } = await superuser.query(
						`select pg_terminate_backend(pid) from pg_stat_activity
						where application_name = 'governed-executor' and datname = current_database() and wait_event_type = 'Lock'`,
					);
					killed = rowCount ?? 0;
				}
			});
			expect(await pending).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
			await client.query('rollback');
		});
		expect(await dryRun(running)).toMatchObject({ status: 200 });
	});

	it('a computation over its whole time starts no further statement', async () => {
		const hasty = await start(database.readerUrl, { limits: { computationMs: -1 } });
		expect(await dryRun(hasty)).toMatchObject({ status: 504, reason: 'EXECUTOR_TIMEOUT' });
	});
});
