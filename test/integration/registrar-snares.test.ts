import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { openOperatorSession } from '../../src/adapters/postgres/registrar/session.ts';
import { attempt } from './support/attempt.ts';
import {
	appliedChanges,
	collections,
	faultsOf,
	type GovernedDatabase,
	governedDatabase,
} from './support/governed-database.ts';
import { LOOT, LOOTED, plantsOn } from './support/plants.ts';

let database: GovernedDatabase;
let directus: pg.Client;
let superuser: pg.Client;

beforeAll(async () => {
	database = await governedDatabase(inject('cluster'));
	directus = new pg.Client({ connectionString: database.directusUrl });
	superuser = new pg.Client({ connectionString: database.superuserUrl });
	await Promise.all([directus.connect(), superuser.connect()]);
	await directus.query(`create table public.articles (collection text primary key, body text);
		insert into public.articles values ('one', 'first'); ${LOOT}`);
});

afterAll(async () => {
	await Promise.all([directus?.end(), superuser?.end()]);
	await database?.drop();
});

afterEach(async () => {
	expect((await superuser.query(LOOTED)).rows).toEqual([{ looted: 0 }]);
});

/** What the plant gains when the operator uses the table without having looked: an insert and a read, undone. */
async function lootOf(table: string): Promise<number> {
	const operator = new pg.Client({ connectionString: database.operatorUrl });
	await operator.connect();
	try {
		await operator.query('begin');
		await operator.query('savepoint used');
		const inserted = await attempt(
			operator,
			`insert into ${table} (collection) values ('used'); set constraints all immediate`,
		);
		if (inserted.code !== null) await operator.query('rollback to savepoint used');
		await operator.query(`select * from ${table}`);
		return Number((await operator.query<{ looted: number }>(LOOTED)).rows[0]?.looted);
	} finally {
		await operator.end();
	}
}

describe.each([
	['public.directus_collections', {}],
	['public.articles', collections('articles')],
] as const)('planted on %s', (table, change) => {
	test.each(Object.entries(plantsOn(table)))('%s', async (_, { sql, undo, named }) => {
		await directus.query(sql);
		try {
			const said = faultsOf(await database.apply(change)).map(({ subject, problem }) => `${subject} ${problem}`);
			expect(said.join('\n')).toMatch(named);
			expect(said.join('\n')).toContain(table.replace('public.articles', 'articles'));
			expect((await superuser.query(LOOTED)).rows).toEqual([{ looted: 0 }]);
			expect(await lootOf(table), 'gained by who did not look').toBe(1);
		} finally {
			await directus.query(undo);
		}
	});

	test('and all of them gone, nothing stands in the way', async () => {
		expect((await database.plan()).kind).toBe('unchanged');
	});
});

test.each(['directus_fields', 'directus_relations', 'directus_extensions'])(
	'a trigger planted on %s is named too',
	async (table) => {
		await directus.query(
			`create trigger planted before insert on public.${table} for each row execute function public.gain_trigger()`,
		);
		expect(faultsOf(await database.plan())).toMatchObject([
			{ subject: `public.${table}`, problem: expect.stringContaining('planted') },
		]);
		await directus.query(`drop trigger planted on public.${table}`);
	},
);

describe('names that are statements', () => {
	const NAME = `k'); set role governance_writer; select public.gain(); --`;

	test('a key column', async () => {
		await directus.query(`create table public.odd (${pg.escapeIdentifier(NAME)} text primary key)`);
		appliedChanges(await database.apply(collections('odd')));
		expect((await database.plan(collections('odd'))).kind).toBe('unchanged');
		// Quoted as it stands, as an earlier version did, the name ends the literal and the rest is run.
		const operator = await openOperatorSession(database.operatorUrl);
		await operator.query('begin; create temp table t (x int)');
		await attempt(
			operator,
			`create trigger t after insert on t for each statement execute function governance.block_after_guard('${NAME}')`,
		);
		expect((await operator.query(LOOTED)).rows).toEqual([{ looted: 1 }]);
		await operator.end();
		appliedChanges(await database.apply());
	});

	test('a trigger on a metadata table', async () => {
		const name = 'governance_x on public.directus_fields; select public.gain();--';
		await directus.query(
			`create trigger ${pg.escapeIdentifier(name)} before insert on public.directus_fields for each row execute function public.gain_trigger()`,
		);
		expect(faultsOf(await database.apply())).toMatchObject([{ subject: 'public.directus_fields' }]);
		await directus.query(`drop trigger ${pg.escapeIdentifier(name)} on public.directus_fields`);
	});

	test.each(['select', 'Mixed_Case', 'user'])('a table called %s stays unchanged once governed', async (name) => {
		await directus.query(`create table public.${pg.escapeIdentifier(name)} (id int primary key)`);
		appliedChanges(await database.apply(collections(name)));
		expect((await database.plan(collections(name))).kind).toBe('unchanged');
		appliedChanges(await database.apply());
	});
});

test('a trigger planted while apply waits for the table is seen: the look comes after the lock', async () => {
	await directus.query('create table public.raced (id int primary key)');
	await directus.query('begin; insert into public.raced values (1)');
	const applying = database.apply(collections('raced'));
	await expect
		.poll(
			async () =>
				(
					await superuser.query(
						`select 1 from pg_stat_activity where application_name = 'governed' and wait_event_type = 'Lock'`,
					)
				).rowCount,
		)
		.toBe(1);
	await directus.query(
		'create trigger planted before insert on public.raced for each row execute function public.gain_trigger(); commit',
	);
	expect(faultsOf(await applying)).toMatchObject([{ subject: 'raced', problem: expect.stringContaining('planted') }]);
	await directus.query('drop table public.raced');
});

describe('what could be pulled away from under a governed table', () => {
	test.each([
		[
			'sequence of nobody',
			"create sequence public.loose; create table public.leaning (id int primary key default nextval('public.loose'))",
			'drop sequence public.loose cascade',
			/sequence public\.loose/,
		],
		[
			'collation',
			`create collation public.loose (provider = icu, locale = 'de'); create table public.leaning (id int primary key, t text collate public.loose)`,
			'drop collation public.loose cascade',
			/collation public\.loose/,
		],
		[
			'enum type',
			`create type public.loose as enum ('a'); create table public.leaning (id int primary key, t public.loose)`,
			'drop type public.loose cascade',
			/type is not built in.*: t/,
		],
	])('%s', async (_, create, pull, named) => {
		await directus.query(create);
		expect(
			faultsOf(await database.apply(collections('leaning')))
				.map(({ problem }) => problem)
				.join(),
		).toMatch(named);
		// Baseline: owned apart all the same, the table loses a part when Directus's role drops what it leans on.
		await superuser.query('begin; alter table public.leaning owner to governance_owner; set local role directus');
		const shape = `select string_agg(attname || coalesce(pg_get_expr(adbin, adrelid), ''), ',') as shape from pg_attribute
			left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 'public.leaning'::regclass and attnum > 0 and not attisdropped`;
		const before = (await superuser.query(shape)).rows;
		expect((await attempt(superuser, pull)).code).toBeNull();
		expect((await superuser.query(shape)).rows).not.toEqual(before);
		await superuser.query('rollback');
		await directus.query(`drop table public.leaning; ${pull.replace(' cascade', '')}`);
	});

	test('unlogged storage', async () => {
		await directus.query('create unlogged table public.leaning (id int primary key)');
		expect(faultsOf(await database.plan(collections('leaning')))).toMatchObject([
			{ problem: expect.stringContaining('unlogged') },
		]);
		await directus.query('drop table public.leaning');
	});

	test('no key of one column', async () => {
		await directus.query(
			'create table public.leaning (a int, b int, primary key (a, b)); create table public.keyless (a int)',
		);
		expect(faultsOf(await database.plan(collections('leaning', 'keyless', 'absent')))).toMatchObject([
			{ subject: 'absent', problem: 'does not exist' },
			{ subject: 'keyless', problem: 'has no primary key of one column' },
			{ subject: 'leaning', problem: 'has no primary key of one column' },
		]);
		await directus.query('drop table public.leaning, public.keyless');
	});

	test('a sequence of its own and built-in defaults are fine', async () => {
		await directus.query(`create table public.plain (id serial primary key, i int generated by default as identity, u uuid default gen_random_uuid(),
			at timestamptz default now(), name varchar(255) not null check (length(name) > 0), tags text[], doc jsonb);
			create index on public.plain (lower(name)); create unique index on public.plain (name) where i > 0`);
		appliedChanges(await database.apply(collections('plain')));
		appliedChanges(await database.apply());
		await directus.query('drop table public.plain');
	});
});

test('names taken before the first apply are told apart from ours', async () => {
	const { directusDatabase } = await import('../../instance/cluster.ts');
	const { registrarOf, testSigner } = await import('./support/governed-database.ts');
	const fresh = await directusDatabase(inject('cluster'));
	const client = new pg.Client({ connectionString: fresh.directusUrl });
	await client.connect();
	await client.query(
		'create table public.dot_tools (code text primary key); create view public.governance_gates as select 1 as id',
	);
	expect(faultsOf(await registrarOf(fresh, await testSigner()).apply())).toMatchObject([
		{ subject: 'public.dot_tools', problem: 'exists already and is not ours' },
		{ subject: 'public.governance_gates', problem: 'exists already and is not ours' },
	]);
	await client.end();
	await fresh.drop();
});
