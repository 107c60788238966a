import type pg from 'pg';
import { type ClusterHandle, directusDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { withClient } from '../../instance/roles.ts';
import { openOperatorSession } from '../../src/adapters/postgres/registrar/session.ts';
import { appliedChanges, collections, registrarOf, testSigner } from '../integration/support/governed-database.ts';
import { startDurableCluster } from './instances.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const PAIRS = 7;
const CONNECTIONS = 8;
const SECONDS = 3;
const ROWS = 100_000;

const TABLES = { guarded: 'public.bench_guarded', plain: 'public.bench_plain' } as const;
type Side = keyof typeof TABLES;

/** What `governed apply` does before it writes: the writer's role, and the record its rows are born of. Alike on both sides. */
const AS_WRITER = `begin; set local role governance_writer;
	insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
	values (gen_random_uuid(), pg_current_xact_id(), '', '', session_user, '{}');`;

/** Twin tables, one governed, one that the writer's role may simply write. */
async function twinTables(handle: ClusterHandle): Promise<TestDatabase> {
	const database = await directusDatabase(handle);
	const columns = '(id bigint primary key, title text, amount integer)';
	await withClient(database.directusUrl, (client) =>
		client.query(`create table ${TABLES.guarded} ${columns}; create table ${TABLES.plain} ${columns}`),
	);
	appliedChanges(await registrarOf(database, await testSigner()).apply(collections('bench_guarded')));
	await withClient(database.superuserUrl, (client) =>
		client.query(
			`grant all on ${TABLES.plain} to governance_writer; grant create, usage on schema public to governance_writer`,
		),
	);
	return database;
}

let id = 0;

/** Transactions per second of as many connections, each writing one row and committing, one round trip each. */
async function transactionsPerSecond(clients: readonly pg.Client[], write: () => string): Promise<number> {
	const end = performance.now() + SECONDS * 1_000;
	const started = performance.now();
	let done = 0;
	await Promise.all(
		clients.map(async (client) => {
			while (performance.now() < end) {
				await client.query(`${AS_WRITER} ${write()}; commit`);
				done += 1;
			}
		}),
	);
	return (done * 1_000) / (performance.now() - started);
}

/** Milliseconds of one statement; its transaction is rolled back and what it left behind is vacuumed away. */
async function statementMs(database: TestDatabase, side: Side, statement: (table: string) => string): Promise<number> {
	const client = await openOperatorSession(database.operatorUrl);
	try {
		await client.query(AS_WRITER);
		const started = performance.now();
		await client.query(statement(TABLES[side]));
		const took = performance.now() - started;
		await client.query('rollback');
		return took;
	} finally {
		await client.end();
		await withClient(database.superuserUrl, async (superuser) => {
			await superuser.query(`vacuum ${TABLES[side]}`);
			await superuser.query('vacuum governance.birth_certificates');
			await superuser.query('checkpoint');
		});
	}
}

async function fill(database: TestDatabase): Promise<void> {
	const client = await openOperatorSession(database.operatorUrl);
	try {
		for (const table of Object.values(TABLES)) {
			await client.query(
				`${AS_WRITER} insert into ${table} select n, 'title ' || n, n from generate_series(1, ${ROWS}) n; commit`,
			);
		}
	} finally {
		await client.end();
	}
}

/** Writes by the canonical writer, into a governed table and into its unguarded twin, straight to PostgreSQL. */
export async function benchGuardedWrites(say: (line: string) => void): Promise<PairedResult[]> {
	const cluster = await startDurableCluster();
	try {
		const database = await twinTables(cluster.handle);
		await fill(database);
		const clients = await Promise.all(
			Array.from({ length: CONNECTIONS }, () => openOperatorSession(database.operatorUrl)),
		);
		const rate = (name: string, write: (table: string) => string) =>
			comparePaired(
				{
					name: `${name}, ${CONNECTIONS} connections`,
					unit: 'transactions/s',
					aim: 0.8,
					ours: () => transactionsPerSecond(clients, () => write(TABLES.guarded)),
					yardstick: () => transactionsPerSecond(clients, () => write(TABLES.plain)),
				},
				PAIRS,
				say,
			);
		const statement = (name: string, write: (table: string) => string) =>
			comparePaired(
				{
					name: `one statement, ${name} ${ROWS} rows`,
					unit: 'ms',
					better: 'lower',
					aim: 1.1,
					ours: () => statementMs(database, 'guarded', write),
					yardstick: () => statementMs(database, 'plain', write),
				},
				PAIRS,
				say,
			);
		const nextId = () => {
			id += 1;
			return ROWS + id;
		};
		const results = [
			await statement('update', (table) => `update ${table} set amount = amount + 1`),
			await statement('delete', (table) => `delete from ${table}`),
			await statement(
				'insert',
				(table) =>
					`insert into ${table} select n, 'title ' || n, n from generate_series(10000001, ${10_000_000 + ROWS}) n`,
			),
			await rate('inserts', (table) => `insert into ${table} values (${nextId()}, 'one row', 1)`),
			await rate('updates', (table) => `update ${table} set amount = 1 where id = ${1 + (nextId() % ROWS)}`),
		];
		await Promise.all(clients.map((client) => client.end()));
		return results;
	} finally {
		await cluster.stop();
	}
}
