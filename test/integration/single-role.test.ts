import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { probeGuards } from '../../src/adapters/postgres/probes.ts';
import { readStrengthFacts } from '../../src/adapters/postgres/strength-facts.ts';
import { computeStrength } from '../../src/core/strength.ts';
import { attempt, attemptAndUndo } from './support/attempt.ts';
import { describeEachPostgres } from './support/each-postgres.ts';
import {
	appliedChanges,
	collections,
	faultsOf,
	governedDatabase,
	plannedChanges,
} from './support/governed-database.ts';
import { LOOT, LOOTED, plantsOn } from './support/plants.ts';
import { connect, undone, useScene } from './support/scene.ts';

const SINGLE = { ...collections('prices'), strength: 'single-role' as const };
const SEPARATED = collections('prices');

describeEachPostgres((cluster) => {
	const scene = useScene(cluster);
	let before: string;

	beforeAll(async () => {
		const { directus, superuser, database } = scene();
		// A managed database: Directus's role owns it, and schema public through it.
		await superuser.query(`alter database "${database.name}" owner to directus`);
		await directus.query(`create table public.prices (collection text primary key, body text);
			insert into public.prices values ('one', 'first'), ('two', 'second'); ${LOOT}`);
		await superuser.query('grant select on public.prices to public');
		before = await dumpCatalogue(superuser, 'everything');
		appliedChanges(await database.apply(SINGLE));
	});

	const ownerOf = async () =>
		(
			await scene().superuser.query<{ owner: string }>(
				`select relowner::regrole::text as owner from pg_class where oid = 'public.prices'::regclass`,
			)
		).rows[0]?.owner;

	test('apply leaves the table with Directus’s role, guards it, and has nothing to do a second time', async () => {
		const { database, operator } = scene();
		expect(await ownerOf()).toBe('directus');
		expect(await database.plan(SINGLE)).toMatchObject({ kind: 'unchanged' });
		expect(await database.apply(SINGLE)).toMatchObject({ kind: 'unchanged' });
		expect(computeStrength(await readStrengthFacts(operator, 'directus'))).toMatchObject({
			level: 'single-role',
			weaknesses: expect.arrayContaining([expect.stringMatching(/owns (public\.)?prices$/)]),
		});
	});

	test('the triggers refuse the owner, who has every privilege', async () => {
		const { directus, superuser } = scene();
		const writes = {
			insert: `insert into public.prices values ('three', 'x')`,
			update: `update public.prices set body = 'x'`,
			delete: 'delete from public.prices',
			truncate: 'truncate public.prices',
			merge: `merge into public.prices t using public.prices s on t.collection = s.collection when matched then delete`,
		};
		const rows = 'select * from public.prices order by 1';
		const found = (await superuser.query(rows)).rows;
		for (const [name, sql] of Object.entries(writes)) {
			expect((await attempt(directus, sql)).code, name).toMatch(/^GD00[12]$/);
			expect((await attempt(directus, `set session_replication_role = replica; ${sql}`)).code, name).toBe('42501');
		}
		expect((await superuser.query(rows)).rows).toEqual(found);
		await undone(superuser, async () => {
			await superuser.query('alter table public.prices disable trigger user; set local role directus');
			for (const [name, sql] of Object.entries(writes))
				expect((await attemptAndUndo(superuser, sql)).code, `${name} without the triggers`).toBeNull();
		});
	});

	test('the writer may write within an apply, and the registry is the operator’s', async () => {
		const { operator, directus } = scene();
		await undone(operator, async () => {
			await operator.query(`set local role governance_writer; insert into governance.applies
				(id, transaction_id, plan_digest, config_digest, operator, summary) values (gen_random_uuid(), pg_current_xact_id(), '', '', 'test', '{}')`);
			expect((await attempt(operator, `insert into public.prices values ('three', 'x')`)).code).toBeNull();
		});
		expect((await attempt(directus, `update public.dot_tools set title = 'x'`)).code).toBe('42501');
		expect((await attempt(directus, 'alter table public.dot_tools disable trigger all')).code).toBe('42501');
	});

	test('to separated and back, and out again as it came', async () => {
		const { database, directus, superuser } = scene();
		expect(plannedChanges(await database.plan(SEPARATED))).toContainEqual(
			expect.objectContaining({ subject: 'prices', detail: 'owner: directus → governance_owner' }),
		);
		appliedChanges(await database.apply(SEPARATED));
		expect(await ownerOf()).toBe('governance_owner');
		expect((await attempt(directus, 'alter table public.prices disable trigger user')).code).toBe('42501');
		expect((await database.plan(SEPARATED)).kind).toBe('unchanged');
		appliedChanges(await database.apply(SINGLE));
		expect(await ownerOf()).toBe('directus');
		expect((await attempt(directus, `update public.prices set body = 'x'`)).code).toBe('GD001');
		expect((await database.plan(SINGLE)).kind).toBe('unchanged');

		appliedChanges(await database.apply({}));
		const table = (dump: string) => dump.split('\n').filter((line) => /\bprices\b/.test(line));
		expect(table(await dumpCatalogue(superuser, 'everything'))).toEqual(table(before));
		appliedChanges(await database.apply(SINGLE));
	});

	test('verify sees the triggers refuse the owner, and tries nothing where something is planted', async () => {
		const { operator, directus } = scene();
		const probes = await probeGuards(operator, 'directus');
		expect(probes.filter(({ table }) => table === 'prices').map(({ refused }) => refused)).toEqual(Array(8).fill(true));
		await directus.query(
			'create trigger planted before insert on public.prices for each statement execute function public.gain_trigger()',
		);
		const found = (await probeGuards(operator, 'directus')).filter(({ table }) => table === 'prices');
		expect(found.map(({ observed }) => observed)).toEqual(Array(4).fill(expect.stringContaining('planted')));
		await directus.query('drop trigger planted on public.prices');
	});

	describe('what an owner can always do is found by the next plan', () => {
		const OFF_AND_ON = `alter table public.prices disable trigger user; update public.prices set body = 'forged';
			${['a_assert_safe', 'z_block_after', 'm_birth_insert', 'm_birth_delete', 'm_birth_update'].map((name) => `alter table public.prices enable always trigger governance_${name}`).join('; ')}`;
		test.each(
			Object.entries({
				'guards off, rows forged, guards on again': OFF_AND_ON,
				'rows forged by USING': `alter table public.prices alter body type text using 'forged'`,
				'rows forged through a parent for a moment': `create table public.parent (like public.prices including all); alter table public.prices inherit public.parent;
					update public.parent set body = 'forged'; alter table public.prices no inherit public.parent; drop table public.parent`,
				'rows forged through a partitioned table for a moment': `create table public.parent (like public.prices) partition by list (collection);
					alter table public.parent attach partition public.prices default; update public.parent set body = 'forged';
					alter table public.parent detach partition public.prices; drop table public.parent`,
				'a column that came and went':
					'alter table public.prices add passing int; alter table public.prices drop passing',
			}),
		)('%s', async (_, sql) => {
			const { database, directus, superuser } = scene();
			expect((await attempt(directus, sql)).code).toBeNull();
			expect(plannedChanges(await database.plan(SINGLE))).toContainEqual(
				expect.objectContaining({ subject: 'prices', detail: expect.stringContaining('since the last apply') }),
			);
			if (sql.includes('forged'))
				expect((await superuser.query('select distinct body from public.prices')).rows).toEqual([{ body: 'forged' }]);
			appliedChanges(await database.apply(SINGLE));
			expect((await database.plan(SINGLE)).kind).toBe('unchanged');
		});

		test('upkeep is no change', async () => {
			const { database, directus, superuser } = scene();
			await directus.query('analyze public.prices');
			await directus.query('vacuum freeze public.prices');
			await superuser.query('vacuum (freeze, full) pg_catalog.pg_trigger');
			await superuser.query('vacuum (freeze, full) pg_catalog.pg_attribute');
			await directus.query('reindex table public.prices');
			expect((await database.plan(SINGLE)).kind).toBe('unchanged');
		});
	});

	describe('what Directus’s role plants on its own table does not run with the operator’s rights', () => {
		test.each(Object.entries(plantsOn('public.prices')))('%s', async (_, { sql, undo, named }) => {
			const { database, directus, superuser } = scene();
			await directus.query(sql);
			try {
				for (const run of [database.plan, database.apply])
					expect(
						faultsOf(await run(SINGLE))
							.map(({ problem }) => problem)
							.join('\n'),
					).toMatch(named);
				expect((await superuser.query(LOOTED)).rows).toEqual([{ looted: 0 }]);
			} finally {
				await directus.query(undo);
			}
		});

		test('planted while apply waits for the table: the look comes after the lock', async () => {
			const { database, directus, superuser } = scene();
			await directus.query('begin; lock table public.prices in share mode');
			const applying = database.apply(SINGLE);
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
				'create trigger planted before insert on public.prices for each row execute function public.gain_trigger(); commit',
			);
			expect(faultsOf(await applying)).toMatchObject([
				{ subject: 'prices', problem: expect.stringContaining('planted') },
			]);
			await directus.query('drop trigger planted on public.prices');
		});
	});

	describe('a registry table that the owner of schema public dropped', () => {
		const DROP = 'drop table public.governance_gates cascade';
		const REPLACED: Record<string, [sql: string, named: RegExp]> = {
			'and left out': [DROP, /does not exist/],
			'and replaced by a look-alike without checks': [
				`create table public.copied (like public.governance_gates); ${DROP}; alter table public.copied rename to governance_gates;
				insert into public.governance_gates values (1, true, true, true, true)`,
				/not the table that apply made/,
			],
			'and replaced by a view that runs code': [
				`${DROP}; create view public.governance_gates as select 1::smallint as id, public.gain() as x, true as dispatch_enabled, true as dry_run_only, false as execute_enabled, false as real_run_enabled`,
				/not the table that apply made|not an ordinary table/,
			],
		};
		test.each(Object.entries(REPLACED))('%s', async (_, [sql, named]) => {
			const other = await governedDatabase(cluster());
			const [superuser, directus] = await Promise.all([connect(other.superuserUrl), connect(other.directusUrl)]);
			try {
				await superuser.query(`alter database "${other.name}" owner to directus`);
				await directus.query(`${LOOT} ${sql}`);
				for (const run of [other.plan, other.apply])
					expect(
						faultsOf(await run())
							.map(({ problem }) => problem)
							.join('\n'),
					).toMatch(named);
				expect((await superuser.query(LOOTED)).rows).toEqual([{ looted: 0 }]);
			} finally {
				await Promise.all([superuser.end(), directus.end()]);
				await other.drop();
			}
		});
	});

	test('--strength separated does what the operator may, and says the rest so that it can be run', async () => {
		const { database, superuser, directus } = scene();
		await superuser.query('grant pg_write_all_data to directus');
		const before = await superuser.query(
			`select nspowner::regrole::text as owner from pg_namespace where nspname = 'public'`,
		);
		const planned = await database.separate(false);
		expect(planned).toMatchObject({ kind: 'planned', remaining: expect.any(Array) });
		expect(
			(await superuser.query(`select nspowner::regrole::text as owner from pg_namespace where nspname = 'public'`))
				.rows,
		).toEqual(before.rows);

		const outcome = await database.separate(true, SEPARATED);
		expect(appliedChanges(outcome)).toContainEqual(
			expect.objectContaining({ area: 'role', detail: expect.stringContaining('alter schema public owner to') }),
		);
		const steps = outcome.remaining ?? [];
		// On 15 whoever may create roles may also take this membership away.
		expect(steps.map(({ weakness }) => weakness).filter((weakness) => !weakness.startsWith('pg_'))).toEqual([
			"Directus's role owns the database",
		]);
		for (const { sql } of steps) for (const statement of sql) await superuser.query(statement);
		expect(await database.separate(true, SEPARATED)).toMatchObject({ kind: 'unchanged', remaining: [] });
		expect(computeStrength(await readStrengthFacts(superuser, 'directus'))).toEqual({
			level: 'separated',
			weaknesses: [],
		});
		// Directus still migrates, and reaches nothing governed.
		expect(
			(await attempt(directus, 'create table public.mine (id serial primary key); drop table public.mine')).code,
		).toBeNull();
		expect((await attempt(directus, 'drop table public.dot_tools cascade')).code).toBe('42501');
		expect((await attempt(directus, 'drop table public.prices')).code).toBe('42501');

		await superuser.query(
			`alter database "${database.name}" owner to directus; alter schema public owner to pg_database_owner`,
		);
		appliedChanges(await database.apply(SINGLE));
	});

	test('a superuser is told how to get a login that can be bound, and the steps do it', async () => {
		const { database, superuser } = scene();
		await superuser.query('alter role directus superuser');
		try {
			const { remaining = [] } = await database.separate(false, SINGLE);
			const step = remaining.find(({ weakness }) => weakness === 'directus is superuser');
			expect(step?.besides).toContainEqual(expect.stringMatching(/^DB_USER=directus_app$/));
			await undone(superuser, async () => {
				for (const statement of step?.sql ?? []) await superuser.query(statement);
				const { rows } = await superuser.query<{ owner: string; n: number }>(
					`select relowner::regrole::text as owner, count(*)::int as n from pg_class
					where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v') group by 1 order by 1`,
				);
				expect(rows.map(({ owner }) => owner)).toEqual(['directus_app', 'governance_owner']);
				const facts = await readStrengthFacts(superuser, 'directus_app');
				expect(computeStrength(facts).level).toBe('single-role');
				expect(facts).toMatchObject({ superusers: [], powers: [], ownsDatabase: false, ownsSchemaPublic: false });
				await superuser.query('set local role directus_app');
				expect((await attempt(superuser, 'create table public.mine (id serial primary key)')).code).toBeNull();
				expect((await attempt(superuser, 'select count(*) from public.directus_users')).code).toBeNull();
			});
			expect(JSON.stringify(remaining)).toMatch(/password '<a long random password/);
		} finally {
			await superuser.query('alter role directus nosuperuser');
		}
	});

	test('a table of somebody whose rights the operator lacks is refused with the fix', async () => {
		const { database, superuser } = scene();
		await superuser.query('create table public.strange (id int primary key)');
		expect(
			faultsOf(await database.plan({ ...collections('prices', 'strange'), strength: 'single-role' })),
		).toMatchObject([{ subject: 'strange', fix: expect.stringContaining('grant') }]);
		await superuser.query('drop table public.strange');
	});

	afterAll(async () => {
		const superuser: pg.Client = scene().superuser;
		expect((await superuser.query(LOOTED)).rows).toEqual([{ looted: 0 }]);
	});
});
