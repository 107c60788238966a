import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { METADATA_PROBES } from '../../src/adapters/postgres/metadata-probes.ts';
import { probeGuards } from '../../src/adapters/postgres/probes.ts';
import { appliedChanges, collections, faultsOf, plannedChanges } from './support/governed-database.ts';
import { undone, useScene } from './support/scene.ts';
import { EMPTY } from './support/table-attacks.ts';

const scene = useScene(() => inject('cluster'));

const DECLARED = collections('articles');

beforeAll(async () => {
	await scene().directus.query(`create table public.articles (id serial primary key, title text);
		insert into public.articles (title) values ('one'), ('two'); insert into public.directus_collections (collection) values ('articles')`);
	appliedChanges(await scene().database.apply(DECLARED));
});

afterAll(async () => {
	expect((await scene().database.plan(DECLARED)).kind).toBe('unchanged');
});

interface Drift {
	/** By a superuser, unless it starts with the name of another role. */
	sql: string;
	/** What plan says: area and subject, and a piece of the detail. */
	area: string;
	subject: string;
	detail?: RegExp;
}

const LOOK_ALIKE = `returns trigger language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$ begin return null; end $$`;

const offFor = (table: string, sql: string) =>
	`alter table ${table} disable trigger user; ${sql}; ${[
		'a_assert_safe',
		'z_block_after',
		'm_birth_insert',
		'm_birth_update',
		'm_birth_delete',
	]
		.map((name) => `alter table ${table} enable always trigger governance_${name}`)
		.join('; ')}`;

const MENDED: Record<string, Drift> = {
	'a disabled guard': {
		sql: 'alter table public.dot_tools disable trigger governance_a_assert_safe',
		area: 'guard',
		subject: 'public.dot_tools',
		detail: /governance_a_assert_safe was altered or disabled/,
	},
	'a guard that only fires in ordinary sessions': {
		sql: 'alter table public.dot_tools enable trigger governance_z_block_after',
		area: 'guard',
		subject: 'public.dot_tools',
		detail: /governance_z_block_after/,
	},
	'a dropped guard': {
		sql: 'drop trigger governance_m_birth_delete on public.articles',
		area: 'guard',
		subject: 'public.articles',
		detail: /governance_m_birth_delete/,
	},
	'a guard of another class': {
		sql: `drop trigger governance_a_assert_safe on public.governance_evidence; create trigger governance_a_assert_safe
			before insert or delete or update or truncate on public.governance_evidence for each statement
			execute function governance.fn_assert_safe_for_dot_action('internal'); alter table public.governance_evidence enable always trigger governance_a_assert_safe`,
		area: 'guard',
		subject: 'public.governance_evidence',
	},
	'a guard with a condition that is never true': {
		sql: `drop trigger governance_a_assert_safe on public.dot_tools; create trigger governance_a_assert_safe
			before insert or delete or update or truncate on public.dot_tools for each statement when (false)
			execute function governance.fn_assert_safe_for_dot_action('registry'); alter table public.dot_tools enable always trigger governance_a_assert_safe`,
		area: 'guard',
		subject: 'public.dot_tools',
	},
	'a metadata guard dropped by Directus’s role': {
		sql: 'set role directus; drop trigger governance_metadata_guard on public.directus_fields',
		area: 'guard',
		subject: 'public.directus_fields',
	},
	'a metadata guard disabled by Directus’s role': {
		sql: 'set role directus; alter table public.directus_extensions disable trigger governance_metadata_guard',
		area: 'guard',
		subject: 'public.directus_extensions',
	},
	'a look-alike of a guard function': {
		sql: `create or replace function governance.fn_assert_safe_for_dot_action() ${LOOK_ALIKE}`,
		area: 'structure',
		subject: 'governance.fn_assert_safe_for_dot_action()',
		detail: /altered/,
	},
	'the body of another of our functions': {
		sql: `do $do$ begin execute format('create or replace function governance.fn_birth_gate() returns trigger language plpgsql security invoker
			set search_path = pg_catalog, pg_temp as %L', (select prosrc from pg_proc where oid = 'governance.block_after_guard()'::regprocedure)); end $do$`,
		area: 'structure',
		subject: 'governance.fn_birth_gate()',
	},
	'a guard that sees its own owner': {
		sql: 'alter function governance.block_after_guard() security definer',
		area: 'structure',
		subject: 'governance.block_after_guard()',
	},
	'an unpinned search path': {
		sql: 'alter function governance.append_evidence(jsonb) set search_path = public, pg_catalog',
		area: 'structure',
		subject: 'governance.append_evidence(jsonb)',
	},
	'a further setting of a function': {
		sql: `alter function governance.append_evidence(jsonb) set session_replication_role = replica`,
		area: 'structure',
		subject: 'governance.append_evidence(jsonb)',
	},
	'a ledger function that runs as the owner': {
		sql: 'alter function governance.settle_dispatches(jsonb) owner to governance_owner',
		area: 'structure',
		subject: 'governance.settle_dispatches(jsonb)',
	},
	'a missing function': {
		sql: 'drop function governance.claim_dispatches(jsonb)',
		area: 'structure',
		subject: 'governance.claim_dispatches(jsonb)',
		detail: /missing/,
	},
	'a function everybody may call': {
		sql: 'grant execute on function governance.append_evidence(jsonb) to public',
		area: 'privilege',
		subject: 'governance.append_evidence(jsonb) for PUBLIC',
	},
	'a trigger function Directus’s role may use': {
		sql: 'grant execute on function governance.fn_birth_gate() to directus',
		area: 'privilege',
		subject: 'governance.fn_birth_gate() for directus',
	},
	'a function Directus’s role may no longer call': {
		sql: 'revoke execute on function governance.append_evidence(jsonb) from directus',
		area: 'privilege',
		subject: 'governance.append_evidence(jsonb) for directus',
		detail: /\+ EXECUTE/,
	},
	'an extra grant': {
		sql: 'grant insert, trigger on public.dot_tools to directus',
		area: 'privilege',
		subject: 'dot_tools for directus',
		detail: /− INSERT, − TRIGGER/,
	},
	'a grant that may be passed on': {
		sql: 'grant select on public.dot_tools to directus with grant option',
		area: 'privilege',
		subject: 'dot_tools for directus',
		detail: /− SELECT\*, \+ SELECT/,
	},
	'a grant to everybody': {
		sql: 'grant delete on public.articles to public',
		area: 'privilege',
		subject: 'articles for PUBLIC',
		detail: /− DELETE/,
	},
	'a grant on a hidden ledger': {
		sql: 'grant select on governance.dispatch_claims to governance_reader',
		area: 'privilege',
		subject: 'dispatch_claims for governance_reader',
	},
	'an extra grant on a column': {
		sql: 'grant update (title) on public.articles to directus',
		area: 'privilege',
		subject: 'articles.title for directus',
		detail: /− UPDATE/,
	},
	'a secret column shown to executors': {
		sql: 'grant select (token_hash) on public.governance_grants to governance_reader',
		area: 'privilege',
		subject: 'governance_grants.token_hash for governance_reader',
	},
	'a public column hidden from executors': {
		sql: 'revoke select (tool) on public.governance_grants from governance_reader',
		area: 'privilege',
		subject: 'governance_grants.tool for governance_reader',
		detail: /\+ SELECT/,
	},
	'an executor that may write a table of Directus': {
		sql: 'grant update (status) on public.directus_flows to governance_reader',
		area: 'privilege',
		subject: 'public.directus_flows.status for governance_reader',
	},
	'the right to create in schema governance': {
		sql: 'grant create on schema governance to directus',
		area: 'privilege',
		subject: 'schema governance for directus',
	},
	'a missing right to read': {
		sql: 'revoke select on governance.policy from directus',
		area: 'privilege',
		subject: 'policy for directus',
		detail: /\+ SELECT/,
	},
	'a table of ours given to Directus': {
		sql: 'alter table public.governance_grants owner to directus',
		area: 'structure',
		subject: 'governance_grants',
		detail: /directus → governance_owner/,
	},
	'a content table given back to Directus': {
		sql: 'alter table public.articles owner to directus',
		area: 'structure',
		subject: 'articles',
		detail: /directus → governance_owner/,
	},
	'an altered registry row': {
		sql: offFor('public.dot_tools', `update public.dot_tools set title = 'altered' where code = 'DOT_KG_EXPLAIN'`),
		area: 'registry',
		subject: 'dot_tools DOT_KG_EXPLAIN',
	},
	'a removed registry row': {
		sql: offFor('public.dot_agent_api_contract', 'delete from public.dot_agent_api_contract'),
		area: 'registry',
		subject: 'dot_agent_api_contract DOT_KG_EXPLAIN',
	},
	'an added registry row': {
		sql: offFor(
			'public.table_registry',
			`insert into public.table_registry values ('public.x', 'governed', 'planted')`,
		),
		area: 'registry',
		subject: 'table_registry public.x',
	},
	'a collection that counts as ungoverned': {
		sql: `alter table governance.governed_collections disable trigger user; delete from governance.governed_collections where collection = 'dot_tools';
			alter table governance.governed_collections enable always trigger governance_a_assert_safe, enable always trigger governance_z_block_after`,
		area: 'structure',
		subject: 'dot_tools',
	},
	'a policy somebody else signed': {
		sql: `alter table governance.policy disable trigger user; update governance.policy set jws = 'x.y.z';
			alter table governance.policy enable always trigger governance_a_assert_safe, enable always trigger governance_z_block_after`,
		area: 'policy',
		subject: 'policy',
		detail: /did not sign/,
	},
};

describe('drift is told by plan and mended by apply', () => {
	test.each(Object.entries(MENDED))('%s', async (_, { sql, area, subject, detail = /^/ }) => {
		const { superuser, database } = scene();
		const before = await dumpCatalogue(superuser, 'product');
		await superuser.query(sql);
		await superuser.query('reset role');
		const wanted = expect.objectContaining({ area, subject, detail: expect.stringMatching(detail) });
		expect(plannedChanges(await database.plan(DECLARED))).toContainEqual(wanted);
		expect(appliedChanges(await database.apply(DECLARED))).toContainEqual(wanted);
		expect(await dumpCatalogue(superuser, 'product')).toBe(before);
	});

	test('and nothing is left of it', async () => {
		expect((await scene().database.plan(DECLARED)).kind).toBe('unchanged');
	});
});

const REFUSED: Record<string, { sql: string; undo: string; subject: string; problem: RegExp }> = {
	'a hostile function in schema governance': {
		sql: `create function governance.is_safe() returns boolean language sql as 'select true'`,
		undo: 'drop function governance.is_safe()',
		subject: 'governance.is_safe()',
		problem: /did not make/,
	},
	'an overload of one of ours': {
		sql: `create function governance.append_evidence(text) returns int language sql as 'select 1'`,
		undo: 'drop function governance.append_evidence(text)',
		subject: 'governance.append_evidence(text)',
		problem: /did not make/,
	},
	'a view in schema governance': {
		sql: 'create view governance.shadow as select 1 as x',
		undo: 'drop view governance.shadow',
		subject: 'governance.shadow',
		problem: /did not make/,
	},
	'an operator in schema governance': {
		sql: 'create operator governance.= (function = int4eq, leftarg = int4, rightarg = int4)',
		undo: 'drop operator governance.= (int4, int4)',
		subject: 'governance.=(integer,integer)',
		problem: /did not make/,
	},
	'a guard that belongs to a superuser': {
		sql: 'alter function governance.block_after_guard() owner to postgres',
		undo: 'alter function governance.block_after_guard() owner to governance_owner',
		subject: 'governance.block_after_guard()',
		problem: /belongs to postgres/,
	},
	'a trigger of somebody else on a table of ours': {
		sql: `create function public.planted() returns trigger language plpgsql as 'begin return new; end';
			create trigger planted before insert on public.dot_agent_api_contract for each row execute function public.planted()`,
		undo: 'drop function public.planted() cascade',
		subject: 'public.dot_agent_api_contract',
		problem: /planted/,
	},
	'row security on a governed content table': {
		sql: 'alter table public.articles enable row level security',
		undo: 'alter table public.articles disable row level security',
		subject: 'articles',
		problem: /row security/,
	},
	'a word of the vocabulary that no apply made': {
		sql: offFor(EMPTY.table, `insert into ${EMPTY.table} values ('planted', 'v', 'o', '{}', '[]')`),
		undo: offFor(EMPTY.table, `delete from ${EMPTY.table}`),
		subject: 'governance_canonical_operation_vocab planted',
		problem: /no birth certificate/,
	},
	'a writer that owns a table': {
		sql: 'alter table public.articles owner to governance_writer',
		undo: 'alter table public.articles owner to governance_owner',
		subject: 'governance_writer',
		problem: /owns .*articles/,
	},
};

describe('what only a person can judge is a fault of plan and apply', () => {
	test.each(Object.entries(REFUSED))('%s', async (_, { sql, undo, subject, problem }) => {
		const { superuser, database } = scene();
		await superuser.query(sql);
		const wanted = expect.objectContaining({
			subject,
			problem: expect.stringMatching(problem),
			fix: expect.stringMatching(/\S/),
		});
		expect(faultsOf(await database.plan(DECLARED))).toContainEqual(wanted);
		const before = await dumpCatalogue(superuser, 'product');
		expect(faultsOf(await database.apply(DECLARED))).toContainEqual(wanted);
		expect(await dumpCatalogue(superuser, 'product')).toBe(before);
		await superuser.query(undo);
	});
});

describe('probes', () => {
	const probe = () => probeGuards(scene().operator, 'directus');

	test('every write on every governed table was really refused, on every layer', async () => {
		const { superuser } = scene();
		const before = await dumpCatalogue(superuser, 'product');
		const results = await probe();
		expect(results.filter(({ refused }) => !refused)).toEqual([]);
		expect(new Set(results.map(({ table }) => table))).toContain('articles');
		expect(results.filter(({ table }) => table === 'articles')).toHaveLength(8);
		expect(results.filter(({ table }) => table.startsWith('directus_'))).toHaveLength(METADATA_PROBES.length);
		expect(await dumpCatalogue(superuser, 'product')).toBe(before);
	});

	test('a missing guard is not demonstrated, however well the privileges hold', async () => {
		const { superuser, database } = scene();
		await superuser.query(
			'alter table public.articles disable trigger user; alter table public.directus_fields disable trigger user',
		);
		const failed = (await probe())
			.filter(({ refused }) => !refused)
			.map(({ table, action, layer }) => `${table} ${action} ${layer}`);
		expect(failed.sort()).toEqual([
			'articles delete guard',
			'articles insert guard',
			'articles truncate guard',
			'articles update guard',
			'directus_fields insert guard',
		]);
		appliedChanges(await database.apply(DECLARED));
	});

	test('a granted privilege is told, although the guard holds', async () => {
		const { superuser, database } = scene();
		await superuser.query('grant update on public.articles to directus');
		const held = (await probe()).find(
			({ table, action, layer }) => table === 'articles' && action === 'update' && layer === 'privilege',
		);
		expect(held).toMatchObject({ refused: true, observed: expect.stringMatching(/^GD001/) });
		appliedChanges(await database.apply(DECLARED));
	});

	test('nothing planted on a metadata table runs with the operator’s rights', async () => {
		const { directus } = scene();
		await directus.query(`create function public.planted() returns trigger language plpgsql as $$ begin reset role; raise 'ran as %', current_user; end $$;
			create trigger a_planted before insert on public.directus_fields for each row execute function public.planted()`);
		const [found] = (await probe()).filter(({ table }) => table === 'directus_fields');
		expect(found).toMatchObject({ refused: false, observed: expect.stringContaining('not tried') });
		// Baseline: the same insert as Directus's role, in the operator's session, and the role is shaken off.
		const { operator } = scene();
		await undone(operator, async () => {
			await operator.query('set local role directus');
			await expect(
				operator.query(`insert into public.directus_fields (collection, field) values ('x', 'x')`),
			).rejects.toMatchObject({
				message: 'ran as governed_operator',
			});
		});
		await directus.query('drop function public.planted() cascade');
	});
});
