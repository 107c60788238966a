import { expect, inject, test } from 'vitest';
import { databaseCensus } from '../../src/adapters/postgres/census/database-census.ts';
import { recordCensus } from '../../src/adapters/postgres/census/record-census.ts';
import type { CensusProbe } from '../../src/contracts/census.ts';
import { countCensus } from '../../src/service/census/count-census.ts';
import { useScene } from './support/scene.ts';
import { snapshotOf } from './support/snapshot.ts';

const scene = useScene(() => inject('cluster'));

const told = (probes: readonly CensusProbe[], state: CensusProbe['state']): string[] =>
	probes
		.filter((probe) => probe.state === state)
		.map((probe) => `${probe.surface} ${probe.request} ${probe.subject}: ${probe.observed}`);

const take = () => databaseCensus(scene().database.operatorUrl, 'directus');

test('a governed database refuses every write as everybody, and nothing of the census stays', async () => {
	const { superuser, database } = scene();
	const before = await snapshotOf(superuser);
	const probes = await take();
	expect(told(probes, 'not_refused')).toEqual([]);
	expect(told(probes, 'not_demonstrated').filter((line) => !line.startsWith('database.logins'))).toEqual([]);
	expect(await snapshotOf(superuser)).toBe(before);
	for (const surface of [
		'database.directus',
		'database.owner',
		'database.structure',
		'database.metadata',
		'database.foreign-key',
	] as const)
		expect(countCensus(probes).find((count) => count.surface === surface)?.refused, surface).toBeGreaterThan(2);
	expect(countCensus(probes).find(({ surface }) => surface === 'rest')).toMatchObject({
		known: 1,
		probed: 0,
		not_demonstrated: 1,
	});
	await recordCensus(database.operatorUrl, countCensus(probes));
	const { rowCount } = await superuser.query(
		`select from public.governance_evidence where convert_from(body, 'UTF8')::jsonb ->> 'kind' = 'census'`,
	);
	expect(rowCount).toBe(1);
});

test.each([
	[
		'a guard that is off',
		'alter table public.dot_tools disable trigger user',
		`do $$ declare t text; begin for t in select tgname from pg_trigger where tgrelid = 'public.dot_tools'::regclass and tgname like 'governance%'
			loop execute format('alter table public.dot_tools enable always trigger %I', t); end loop; end $$`,
		/^database\.owner update public\.dot_tools/m,
	],
	[
		'a metadata guard that is off',
		'alter table public.directus_fields disable trigger user',
		`do $$ declare t text; begin for t in select tgname from pg_trigger where tgrelid = 'public.directus_fields'::regclass and tgname like 'governance%'
			loop execute format('alter table public.directus_fields enable always trigger %I', t); end loop; end $$`,
		/^database\.metadata insert directus_fields/m,
	],
	[
		'a guard function that lets everybody by',
		`create table public.kept as select prosrc from pg_proc where oid = 'governance.fn_assert_safe_for_dot_action()'::regprocedure;
			create or replace function governance.fn_assert_safe_for_dot_action() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$ begin return null; end $$;
			create table public.kept2 as select prosrc from pg_proc where oid = 'governance.block_after_guard()'::regprocedure;
			create or replace function governance.block_after_guard() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$ begin return null; end $$`,
		`do $do$ begin execute format('create or replace function governance.fn_assert_safe_for_dot_action() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as %L', (select prosrc from public.kept));
			execute format('create or replace function governance.block_after_guard() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as %L', (select prosrc from public.kept2));
			drop table public.kept, public.kept2; end $do$`,
		/^database\.foreign-key on delete cascade/m,
	],
	[
		'an owner that is Directus’s role',
		'alter table public.table_registry owner to directus',
		'alter table public.table_registry owner to governance_owner',
		/^database\.structure add column public\.table_registry/m,
	],
])('%s turns its row red', async (name, plant, undo, row) => {
	const { superuser } = scene();
	await superuser.query(plant);
	try {
		const probes = await take();
		const state = name.startsWith('an owner') ? 'owner_can' : 'not_refused';
		expect(told(probes, state).join('\n')).toMatch(row);
	} finally {
		await superuser.query(undo);
	}
});
