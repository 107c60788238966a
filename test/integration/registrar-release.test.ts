import { describe, expect, inject, test } from 'vitest';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { attempt } from './support/attempt.ts';
import { appliedChanges, collections, plannedChanges } from './support/governed-database.ts';
import { undone, useScene } from './support/scene.ts';

const scene = useScene(() => inject('cluster'));

const TABLES = {
	numbered: `create table public.numbered (id serial primary key, title varchar(255) not null, at timestamptz default now(), doc jsonb);
		create index numbered_title on public.numbered (lower(title)); create unique index on public.numbered (title) where id > 10;
		insert into public.numbered (title, doc) select 'row ' || n, jsonb_build_object('n', n) from generate_series(1, 500) n`,
	identified: `create table public.identified (id uuid primary key default gen_random_uuid(), n int generated always as identity, kind text check (kind <> ''));
		insert into public.identified (kind) values ('a'), ('b')`,
};

const rowsOf = async (table: string) =>
	(await scene().superuser.query(`select t::text from public.${table} t order by 1`)).rows;

describe('a content table of Directus', () => {
	test.each(Object.entries(TABLES))(
		'%s: governed with its rows, sequences and indexes, and given back as it came',
		async (table, create) => {
			const { directus, superuser, database } = scene();
			await directus.query(create);
			await superuser.query(`create role reports_${table}; grant select, insert on public.${table} to reports_${table} with grant option;
			grant update (id) on public.${table} to reports_${table}; grant select on public.${table} to public`);
			const [structure, rows] = [await dumpCatalogue(superuser, 'everything'), await rowsOf(table)];

			expect(plannedChanges(await database.plan(collections(table)))).toContainEqual(
				expect.objectContaining({ area: 'structure', subject: table, detail: 'owner: directus → governance_owner' }),
			);
			appliedChanges(await database.apply(collections(table)));
			expect(await rowsOf(table)).toEqual(rows);
			for (const write of [
				`insert into public.${table} overriding system value select * from public.${table} where false`,
				`update public.${table} set id = id`,
				`delete from public.${table}`,
				`truncate public.${table}`,
				`drop table public.${table}`,
				`alter table public.${table} disable trigger user`,
				...(table === 'numbered'
					? [`select nextval('public.numbered_id_seq')`, 'drop sequence public.numbered_id_seq cascade']
					: []),
			]) {
				expect((await attempt(directus, write)).code, write).toBe('42501');
			}
			expect((await directus.query(`select count(*)::int as n from public.${table}`)).rows).toEqual([
				{ n: rows.length },
			]);
			await undone(superuser, async () => {
				await superuser.query(`set local role reports_${table}`);
				expect(
					(
						await attempt(
							superuser,
							`insert into public.${table} overriding system value select * from public.${table} where false`,
						)
					).code,
				).toBe('42501');
			});
			expect((await database.plan(collections(table))).kind).toBe('unchanged');

			const left = expect.objectContaining({
				action: 'remove',
				area: 'structure',
				subject: table,
				detail: expect.stringMatching(/no longer governed/),
			});
			expect(plannedChanges(await database.plan())).toContainEqual(left);
			expect(appliedChanges(await database.apply())).toContainEqual(left);
			expect(await rowsOf(table)).toEqual(rows);
			expect(await dumpCatalogue(superuser, 'everything')).toBe(structure);
			for (const record of ['birth_certificates', 'governed_collections', 'taken_tables']) {
				expect(
					(await superuser.query(`select 1 from governance.${record} where collection = $1`, [table])).rowCount,
				).toBe(0);
			}
			expect((await database.plan()).kind).toBe('unchanged');
			// Directus's role may do again what it could before.
			await undone(directus, async () => {
				expect(
					(
						await attempt(
							directus,
							`delete from public.${table}; alter table public.${table} add column more text; drop table public.${table}`,
						)
					).code,
				).toBeNull();
			});
			await directus.query(`drop table public.${table}`);
			await superuser.query(`drop role reports_${table}`);
		},
	);

	test('rows born while it was governed lose their certificates, not themselves', async () => {
		const { directus, operator, superuser, database } = scene();
		await directus.query('create table public.born (id int primary key)');
		appliedChanges(await database.apply(collections('born')));
		await operator.query(`begin; set local role governance_writer; insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
			values (gen_random_uuid(), pg_current_xact_id(), '', '', 'test', '{}'); insert into public.born values (1), (2); commit`);
		const certificates = `select row_key from governance.birth_certificates where collection = 'born' order by 1`;
		expect((await superuser.query(certificates)).rows).toEqual([{ row_key: '1' }, { row_key: '2' }]);
		appliedChanges(await database.apply());
		expect((await superuser.query(certificates)).rows).toEqual([]);
		expect(await rowsOf('born')).toHaveLength(2);
		// Governed anew, it starts afresh.
		appliedChanges(await database.apply(collections('born')));
		appliedChanges(await database.apply());
		await directus.query('drop table public.born');
	});

	test('its metadata is locked while governed, and open again afterwards', async () => {
		const { directus, database } = scene();
		await directus.query(
			`create table public.described (id int primary key); insert into public.directus_collections (collection) values ('described')`,
		);
		const write = `update public.directus_collections set note = 'x' where collection = 'described'`;
		appliedChanges(await database.apply(collections('described')));
		expect((await attempt(directus, write)).code).toBe('GD005');
		appliedChanges(await database.apply());
		expect((await attempt(directus, write)).code).toBeNull();
		await directus.query(
			`delete from public.directus_collections where collection = 'described'; drop table public.described`,
		);
	});

	test('one that a superuser dropped meanwhile can leave the declaration', async () => {
		const { directus, superuser, database } = scene();
		await directus.query('create table public.dropped (id int primary key)');
		appliedChanges(await database.apply(collections('dropped')));
		await superuser.query('drop table public.dropped');
		expect(appliedChanges(await database.apply())).toContainEqual(
			expect.objectContaining({ subject: 'dropped', detail: expect.stringContaining('itself is gone') }),
		);
		expect((await database.plan()).kind).toBe('unchanged');
	});

	test('a grant of a role that is gone, and one on a column that is gone, do not come back', async () => {
		const { directus, superuser, database } = scene();
		await superuser.query(`create role passing; create table public.wide (id int primary key, a int, b int); alter table public.wide owner to directus;
			grant select on public.wide to passing; grant update (a) on public.wide to governed_operator`);
		appliedChanges(await database.apply(collections('wide')));
		await superuser.query('drop role passing; alter table public.wide drop column a');
		appliedChanges(await database.apply());
		expect((await superuser.query(`select relacl::text as acl from pg_class where relname = 'wide'`)).rows).toEqual([
			{ acl: expect.stringMatching(/^\{directus=[a-zA-Z]+\/directus\}$/) },
		]);
		await directus.query('drop table public.wide');
	});

	test('versioning is refused with its fix', async () => {
		const { directus, database } = scene();
		await directus.query(
			`create table public.versioned (id int primary key); insert into public.directus_collections (collection, versioning) values ('versioned', true)`,
		);
		expect(await database.plan(collections('versioned'))).toMatchObject({
			kind: 'refused',
			faults: [{ subject: 'versioned', fix: expect.stringContaining('versioning') }],
		});
		await directus.query(
			`delete from public.directus_collections where collection = 'versioned'; drop table public.versioned`,
		);
	});
});
