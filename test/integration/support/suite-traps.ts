import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { roleFaults } from '../../../src/adapters/postgres/registrar/roles.ts';
import { readStrengthFacts } from '../../../src/adapters/postgres/strength-facts.ts';
import { computeStrength } from '../../../src/core/strength.ts';
import { attempt, attemptAndUndo } from './attempt.ts';
import { appliedChanges, collections, faultsOf } from './governed-database.ts';
import { type Scene, undone } from './scene.ts';

const GUARDS_OFF = 'alter table public.kids disable trigger user';

/** Foreign keys: PostgreSQL runs their actions as the owner of the referencing table. */
export function cascadeSuite(scene: () => Scene): void {
	describe('foreign keys', () => {
		beforeAll(async () => {
			await scene().directus.query(`create table public.parents (id int primary key);
				create table public.kids (id int primary key, parent_id int default 1, kid_id int);
				insert into public.parents values (1), (2); insert into public.kids values (1, 2), (2, 2)`);
		});
		afterAll(async () => {
			await scene().superuser.query('alter table public.kids drop constraint if exists k');
			await scene().database.apply();
			await scene().directus.query('drop table public.kids, public.parents');
		});

		test.each([
			['on delete cascade', /CASCADE, SET NULL or SET DEFAULT/],
			['on delete set null', /CASCADE, SET NULL or SET DEFAULT/],
			['on delete set default', /CASCADE, SET NULL or SET DEFAULT/],
			['on update cascade', /CASCADE, SET NULL or SET DEFAULT/],
			['on update set null', /CASCADE, SET NULL or SET DEFAULT/],
			['on delete no action', /which Directus owns/],
			['on delete restrict', /which Directus owns/],
		])('plan refuses a key of its own with %s to a table of Directus, and says what to do', async (action, problem) => {
			const { directus, database } = scene();
			await directus.query(
				`alter table public.kids add constraint k foreign key (parent_id) references public.parents ${action}`,
			);
			const faults = faultsOf(await database.plan(collections('kids')));
			expect(faults.map((fault) => fault.problem).join('\n')).toMatch(problem);
			for (const fault of faults) expect(fault).toMatchObject({ subject: 'kids', fix: expect.stringContaining('k') });
			await directus.query('alter table public.kids drop constraint k');
		});

		test('plan judges the tables that are declared together, and a key to itself', async () => {
			const { directus, database } = scene();
			await directus.query(
				'alter table public.kids add constraint k foreign key (parent_id) references public.parents',
			);
			expect((await database.plan(collections('kids', 'parents'))).kind).toBe('planned');
			await directus.query(
				'alter table public.kids drop constraint k, add constraint k foreign key (kid_id) references public.kids',
			);
			expect((await database.plan(collections('kids'))).kind).toBe('planned');
			await directus.query(
				'alter table public.kids drop constraint k, add constraint k foreign key (kid_id) references public.kids on delete cascade',
			);
			expect(faultsOf(await database.plan(collections('kids')))).toHaveLength(1);
			await directus.query('alter table public.kids drop constraint k');
		});

		test('a table that leaves the declaration may not be what a governed key points to', async () => {
			const { directus, database } = scene();
			await directus.query(
				'alter table public.kids add constraint k foreign key (parent_id) references public.parents',
			);
			appliedChanges(await database.apply(collections('kids', 'parents')));
			expect(faultsOf(await database.apply(collections('kids')))).toMatchObject([
				{ problem: expect.stringContaining('parents') },
			]);
			await scene().superuser.query('alter table public.kids drop constraint k');
			appliedChanges(await database.apply());
		});

		test.each([
			['on delete cascade', 'delete from public.parents where id = 2', '0 of 2'],
			['on delete set null', 'delete from public.parents where id = 2', '2 of 2'],
			['on delete set default', 'delete from public.parents where id = 2', '2 of 2'],
			['on update cascade', 'update public.parents set id = 3 where id = 2', '2 of 2'],
			['on update set null', 'update public.parents set id = 3 where id = 2', '2 of 2'],
		])('a key with %s that appears later: the owner is no marker, so the action is refused', async (action, change) => {
			const { directus, superuser, database } = scene();
			await superuser.query('alter table public.kids drop constraint if exists k');
			await database.apply(collections('kids'));
			const rows = 'select * from public.kids order by id';
			const before = (await superuser.query(rows)).rows;
			await superuser.query(
				`alter table public.kids add constraint k foreign key (parent_id) references public.parents ${action}`,
			);

			expect(await attempt(directus, change)).toMatchObject({
				code: 'GD001',
				message: expect.stringMatching(/^\[DENIED\] kids\./),
			});
			expect(await attempt(directus, 'truncate public.parents cascade')).toMatchObject({ code: '42501' });
			expect((await superuser.query(rows)).rows).toEqual(before);

			// Baseline: with the guards off the same statement of Directus's role changes governed rows.
			await undone(superuser, async () => {
				await superuser.query(`${GUARDS_OFF}; set local role directus`);
				expect((await attempt(superuser, change)).code).toBeNull();
				await superuser.query('reset role');
				expect((await superuser.query(rows)).rows).not.toEqual(before);
			});
			// Baseline: and with a guard that takes the owner for a marker, too.
			await undone(superuser, async () => {
				const marker = `begin if current_user <> 'governance_owner' then raise 'no'; end if; return null; end`;
				await superuser.query(`create or replace function governance.fn_assert_safe_for_dot_action() returns trigger language plpgsql as $$ ${marker} $$;
					${GUARDS_OFF}; alter table public.kids enable always trigger governance_a_assert_safe; set local role directus`);
				expect((await attempt(superuser, change)).code).toBeNull();
			});
			expect(faultsOf(await database.plan(collections('kids')))).toMatchObject([
				{ subject: 'kids' },
				{ subject: 'kids' },
			]);
		});

		test('dropping the other table takes the key along, not a row', async () => {
			const { directus, superuser, database } = scene();
			await superuser.query('alter table public.kids drop constraint if exists k');
			await database.apply(collections('kids'));
			await superuser.query(
				'alter table public.kids add constraint k foreign key (parent_id) references public.parents on delete cascade',
			);
			await undone(directus, async () => {
				expect((await attempt(directus, 'drop table public.parents cascade')).code).toBeNull();
				expect((await directus.query('select 1 from public.kids')).rowCount).toBe(2);
			});
		});
	});
}

interface Weakening {
	/** What a superuser changes; undone afterwards. */
	sql: string;
	weakness: RegExp;
	level?: 'superuser';
	/** What plan refuses then: there is nothing left that keeps the two apart. */
	fault?: RegExp;
	/** Refused in a separated database, goes through in the weakened one. */
	attack?: string;
}

const WEAKENINGS: Record<string, Weakening> = {
	'it owns the database, and so schema public': {
		sql: `do $$ begin execute format('alter database %I owner to directus', current_database()); end $$`,
		weakness: /owns the database|owns schema public/,
		attack: 'drop table public.dot_tools cascade',
	},
	'it owns schema public': {
		sql: 'alter schema public owner to directus',
		weakness: /owns schema public/,
		attack: 'drop table public.governance_canonical_operation_vocab',
	},
	'it owns schema governance': {
		sql: 'alter schema governance owner to directus',
		weakness: /owns schema governance/,
		attack: 'drop function governance.fn_block_metadata() cascade',
	},
	'it owns a governed table': {
		sql: 'alter table public.dot_tools owner to directus',
		weakness: /owns dot_tools|owns public.dot_tools/,
		attack: 'drop table public.dot_tools cascade',
	},
	'it owns a guard': {
		sql: 'alter function governance.block_after_guard() owner to directus',
		weakness: /owns governance.block_after_guard/,
		attack: 'drop function governance.block_after_guard() cascade',
	},
	'it is superuser': {
		sql: 'alter role directus superuser',
		weakness: /superuser/,
		level: 'superuser',
		attack: 'drop table public.dot_tools cascade',
	},
	'it may become superuser': {
		sql: 'create role step superuser; grant step to directus',
		weakness: /step is superuser/,
		level: 'superuser',
		attack: 'set role step; drop table public.dot_tools cascade',
	},
	'it may become the writer': {
		sql: 'grant governance_writer to directus',
		weakness: /governance_writer: member/,
		fault: /may become governance_writer/,
		attack: `set role governance_writer; update governance.evidence_head set size = size`,
	},
	'it may become the owner by way of another role': {
		sql: 'create role step noinherit; grant governance_owner to step; grant step to directus',
		weakness: /governance_owner: member/,
		fault: /may become governance_owner/,
		attack: 'set role governance_owner; drop table public.dot_tools cascade',
	},
	'it may become the operator': {
		sql: 'revoke directus from governed_operator; grant governed_operator to directus',
		weakness: /governed_operator: CREATEROLE/,
		fault: /may become governed_operator/,
		attack: 'set role governance_owner; drop table public.dot_tools cascade',
	},
	'it is CREATEROLE': { sql: 'alter role directus createrole', weakness: /directus: CREATEROLE/ },
	'it is REPLICATION': { sql: 'alter role directus replication', weakness: /directus: REPLICATION/ },
	'it is BYPASSRLS': { sql: 'alter role directus bypassrls', weakness: /directus: BYPASSRLS/ },
	'it is in pg_write_all_data': { sql: 'grant pg_write_all_data to directus', weakness: /pg_write_all_data: member/ },
	'it is in pg_execute_server_program': {
		sql: 'grant pg_execute_server_program to directus',
		weakness: /pg_execute_server_program: member/,
		attack: `create temp table t (x text); copy t from program 'true'`,
	},
	'it is in pg_write_server_files': {
		sql: 'grant pg_write_server_files to directus',
		weakness: /pg_write_server_files: member/,
		attack: `copy (select 1) to '/dev/null'`,
	},
	'it may set session_replication_role': {
		sql: 'grant set on parameter session_replication_role to directus',
		weakness: /session_replication_role/,
		attack: 'set session_replication_role = replica',
	},
	'a role it may become may set session_replication_role': {
		sql: 'create role step noinherit; grant set on parameter session_replication_role to step; grant step to directus',
		weakness: /session_replication_role/,
		attack: 'set role step; set session_replication_role = replica',
	},
};

/** Strength is computed: each way to be weaker is seen, and is really weaker. */
export function strengthSuite(scene: () => Scene): void {
	test('separated: as apply leaves it', async () => {
		expect(computeStrength(await readStrengthFacts(scene().operator, 'directus'))).toEqual({
			level: 'separated',
			weaknesses: [],
		});
	});

	test.each(Object.entries(WEAKENINGS))(
		'not separated: %s',
		async (_, { sql, weakness, level = 'single-role', attack, fault }) => {
			const { superuser, directus } = scene();
			if (attack) {
				await undone(directus, async () =>
					expect((await attempt(directus, attack)).code).toMatch(/^(42501|42704|22023)$/),
				);
			}
			await undone(superuser, async () => {
				await superuser.query(sql);
				const strength = computeStrength(await readStrengthFacts(superuser, 'directus'));
				expect(strength.level).toBe(level);
				expect(strength.weaknesses.join('\n')).toMatch(weakness);
				await superuser.query('set local role governed_operator');
				const faults = await roleFaults(superuser, 'directus');
				if (fault) expect(faults.map(({ problem }) => problem).join('\n')).toMatch(fault);
				else expect(faults).toEqual([]);
				await superuser.query('reset role');
				if (attack) {
					await superuser.query('set local session authorization directus');
					expect((await attemptAndUndo(superuser, attack)).code).toBeNull();
				}
			});
		},
	);
}

/** Roles of the product that are more than names, and an operator who may not be them. */
export function rolesSuite(scene: () => Scene): void {
	test.each([
		['a login', 'alter role governance_writer login', /governance_writer: has LOGIN/],
		['a superuser', 'alter role governance_owner superuser', /governance_owner: has SUPERUSER/],
		['a maker of roles', 'alter role governance_writer createrole', /governance_writer: has CREATEROLE/],
		[
			'nothing of the operator’s',
			`delete from pg_auth_members where member = 'governed_operator'::regrole and roleid::regrole::text like 'governance%';
				alter role governed_operator nocreaterole`,
			/operator: may not become governance_owner/,
		],
	])('plan refuses a role of the product that is %s', async (_, sql, told) => {
		const { superuser } = scene();
		await undone(superuser, async () => {
			const faults = async () =>
				(await roleFaults(superuser, 'directus')).map(({ subject, problem }) => `${subject}: ${problem}`);
			expect(await faults()).toEqual([]);
			await superuser.query(sql);
			await superuser.query('set local role governed_operator');
			expect((await faults()).join('\n')).toMatch(told);
		});
	});
}

/** Names planted where a careless function would find them first. */
export function searchPathSuite(scene: () => Scene): void {
	const HIJACK = `begin raise exception 'hijacked as %', current_user using errcode = 'HJ001'; end`;
	const SHADOWS = [
		`function public.jsonb_typeof(jsonb) returns text`,
		`function public.jsonb_array_length(jsonb) returns int`,
		`function public.jsonb_array_elements(jsonb) returns setof jsonb`,
		`function public.sha256(bytea) returns bytea`,
		`function public.convert_to(text, name) returns bytea`,
		`function public.decode(text, text) returns bytea`,
		`function public.gen_random_uuid() returns uuid`,
		`function public.clock_timestamp() returns timestamptz`,
		`function public.jsonb_build_object(text, text) returns jsonb`,
		`function public.jsonb_build_array(jsonb) returns jsonb`,
		`function public.pg_current_xact_id() returns xid8`,
		`function public.to_jsonb(anyelement) returns jsonb`,
		`function public.current_setting(text) returns text`,
		`function public.format(text, text, text) returns text`,
		`function public.to_regclass(text) returns regclass`,
		`function public.pg_get_triggerdef(oid) returns text`,
		`function public.has_schema_privilege(name, text, text) returns boolean`,
		`function public.pg_advisory_xact_lock(bigint) returns void`,
	];
	const compare = (type: string) => `function public.hijack_${type}(${type}, ${type}) returns boolean`;
	const OPERATORS = ['text', 'uuid', 'bigint', 'bytea', 'jsonb', 'name', 'oid'];

	describe('shadows in public', () => {
		beforeAll(async () => {
			const { directus } = scene();
			for (const shadow of [...SHADOWS, ...OPERATORS.map(compare)]) {
				await directus.query(`create ${shadow} language plpgsql as $$ ${HIJACK} $$`);
			}
			for (const type of OPERATORS) {
				for (const operator of ['=', '<>', '<', '||', '->>']) {
					await directus.query(
						`create operator public.${operator} (function = public.hijack_${type}, leftarg = ${type}, rightarg = ${type})`,
					);
				}
			}
			await directus.query(
				'set search_path = public, pg_temp, pg_catalog; create temp table evidence_head (size bigint); create temp table governance_evidence (id uuid)',
			);
		});
		afterAll(async () => {
			const { directus } = scene();
			await directus.query('reset search_path; drop table pg_temp.evidence_head, pg_temp.governance_evidence');
			const { rows } = await directus.query<{ name: string }>(
				`select oid::regprocedure::text as name from pg_catalog.pg_proc where pronamespace = 'public'::regnamespace and pg_get_userbyid(proowner) = 'directus'`,
			);
			for (const { name } of rows) await directus.query(`drop function ${name} cascade`);
		});

		const CALLS: [string, string, string][] = [
			[
				'append_evidence',
				`select * from governance.append_evidence('[{"id": "00000000-0000-4000-8000-0000000000aa", "body": "{}"}]'::jsonb)`,
				'jsonb',
			],
			[
				'claim_dispatches',
				`select governance.claim_dispatches('[{"caller": "a", "correlation_id": "b", "request_digest": "c", "lease_ms": 1}]'::jsonb)`,
				'jsonb',
			],
			[
				'settle_dispatches',
				`select governance.settle_dispatches('[{"evidence": {"id": "00000000-0000-4000-8000-0000000000ab", "body": "{}"}}]'::jsonb)`,
				'jsonb',
			],
			['is_governed', `select governance.is_governed('dot_tools'::text)`, 'text'],
			[
				'subject_of_metadata',
				`select governance.subject_of_metadata('fields'::text, '{"collection": "dot_tools"}'::jsonb)`,
				'text, jsonb',
			],
		];

		test.each(CALLS)('%s never finds them; without its pinned path it does', async (name, call, types) => {
			const { directus, superuser } = scene();
			await undone(directus, async () => expect((await attempt(directus, call)).code).toBeNull());
			await undone(superuser, async () => {
				await superuser.query(`alter function governance.${name}(${types}) reset all; set local role directus;
					set local search_path = public, pg_temp, pg_catalog`);
				const { code, message } = await attempt(superuser, call);
				expect(code).toBe('HJ001');
				expect(message).toBe(`hijacked as ${/append|claim|settle/.test(name) ? 'governance_writer' : 'directus'}`);
			});
		});

		test('the metadata guard never finds them either', async () => {
			const { directus } = scene();
			const write = `insert into public.directus_collections (collection) values ('dot_agent_api_contract_x'), ('governance_gates')`;
			await undone(directus, async () => expect((await attempt(directus, write)).code).toBe('GD005'));
		});

		test("the operator's session never finds them; with public first it does", async () => {
			const { database, operator } = scene();
			expect((await database.plan()).kind).toBe('unchanged');
			await undone(operator, async () => {
				await operator.query('set local search_path = public, pg_catalog');
				expect(await attempt(operator, `select current_setting('server_version_num')`)).toMatchObject({
					code: 'HJ001',
					message: 'hijacked as governed_operator',
				});
			});
		});

		test('literals mean the same whatever the caller set', async () => {
			const { directus, superuser } = scene();
			const id = '00000000-0000-4000-8000-0000000000ac';
			await undone(directus, async () => {
				await directus.query(
					'set local search_path = pg_catalog; set local standard_conforming_strings = off; set local escape_string_warning = off',
				);
				await directus.query(`select * from governance.append_evidence($1)`, [JSON.stringify([{ id, body: '{}' }])]);
				const stored = await directus.query(
					`select leaf_hash = pg_catalog.sha256(pg_catalog.decode('007b7d', 'hex')) as ok from public.governance_evidence where id = $1`,
					[id],
				);
				expect(stored.rows).toEqual([{ ok: true }]);
			});
			// Baseline: the literal an earlier version used means something else then.
			await undone(superuser, async () => {
				await superuser.query('set local standard_conforming_strings = off; set local escape_string_warning = off');
				expect((await attempt(superuser, String.raw`select '\x00'::bytea`)).code).not.toBeNull();
			});
		});
	});
}
