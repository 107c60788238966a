import { createHash } from 'node:crypto';
import type { PlanBinding } from '../../../contracts/plan-file.ts';
import { guardTriggersOf, METADATA_TABLES, metadataTriggersOf, OWN_TABLES } from '../../../core/governed-tables.ts';
import { digestOf } from '../../../service/canonical.ts';
import type { DesiredState, Fault } from '../../../service/ports/registrar.ts';
import { MIGRATIONS } from '../migrations.generated.ts';
import { identifier, rowsOf, type Sql } from './session.ts';
import { SHIPPED_FUNCTIONS } from './shipped-functions.ts';

/**
 * What a plan made now is bound to. Called inside the registrar's lock, before anything changes: what it reads of content
 * tables is their shape, never their rows.
 */
export async function bindingOf(client: Sql, desired: DesiredState): Promise<PlanBinding> {
	return {
		config: desired.configDigest,
		database: await databaseDigest(client, desired.collections),
		guards: digestOf([
			[...SHIPPED_FUNCTIONS.values()].map(({ signature, facts, owner }) => [signature, facts, owner]),
			OWN_TABLES.map((table) => guardTriggersOf(table, table.name)),
			METADATA_TABLES.map(metadataTriggersOf),
		]),
		schema: digestOf(MIGRATIONS.map(({ id, name, digest }) => [id, name, digest])),
	};
}

const MEANINGS: Record<keyof PlanBinding, { problem: string; fix: string }> = {
	config: { problem: 'the declaration is not the one that was planned', fix: 'run governed plan --out again' },
	database: {
		problem: 'the database changed since the plan was made',
		fix: 'run governed plan --out again and read it',
	},
	guards: { problem: 'this version of governed puts up other guards', fix: 'plan with the version that applies' },
	schema: { problem: 'this version of governed ships another schema', fix: 'plan with the version that applies' },
};

/** One fault for each thing that moved since the plan was made. */
export function movedSince(planned: PlanBinding, now: PlanBinding): Fault[] {
	return (Object.keys(MEANINGS) as (keyof PlanBinding)[])
		.filter((part) => planned[part] !== now[part])
		.map((part) => ({ subject: `plan (${part})`, ...MEANINGS[part] }));
}

/** Registry rows that a declaration decides. Evidence, claims and grants grow by themselves and are left out. */
const ROWS = ['dot_tools', 'dot_agent_api_contract', 'table_registry', 'governance_gates'];

async function databaseDigest(client: Sql, collections: readonly string[]): Promise<string> {
	const tables = [
		...OWN_TABLES.map(({ schema, name }) => `${schema}.${name}`),
		...METADATA_TABLES.map(({ name }) => `public.${name}`),
		...collections.map((name) => `public.${identifier(name)}`),
	];
	const hash = createHash('sha256');
	const lines = await rowsOf<{ line: string }>(client, SHAPE, [tables]);
	for (const { line } of lines) hash.update(`${line}\n`);
	if ((await rowsOf(client, `select 1 where to_regclass('governance.policy') is not null`)).length > 0) {
		for (const query of [POLICY, ...ROWS.map(rowsQuery)]) {
			for (const { line } of await rowsOf<{ line: string }>(client, query)) hash.update(`${line}\n`);
		}
	}
	return `sha256:${hash.digest('hex')}`;
}

const POLICY = `select concat_ws(' ', 'policy', generation, digest) as line from governance.policy order by generation desc limit 1`;

/** `last_executed` moves with every apply and says nothing about what is registered. */
const rowsQuery = (table: string) =>
	`select concat_ws(' ', '${table}', (to_jsonb(t) - 'last_executed')::text) as line from public.${table} t order by 1`;

/** Owner, privileges, columns and triggers of each table, and every function of schema governance; in a fixed order. */
const SHAPE = `select line from (
	select concat_ws(' ', 'table', c.oid::regclass, pg_get_userbyid(c.relowner), c.relacl::text) as line
	from pg_class c where c.oid = any (array(select to_regclass(t) from unnest($1::text[]) t))
	union all
	select concat_ws(' ', 'column', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl::text)
	from pg_attribute a where a.attrelid = any (array(select to_regclass(t) from unnest($1::text[]) t)) and a.attnum > 0 and not a.attisdropped
	union all
	select concat_ws(' ', 'trigger', t.tgenabled, pg_get_triggerdef(t.oid))
	from pg_trigger t where t.tgrelid = any (array(select to_regclass(t) from unnest($1::text[]) t)) and not t.tgisinternal
	union all
	select concat_ws(' ', 'function', p.oid::regprocedure, pg_get_userbyid(p.proowner), p.proacl::text, md5(p.prosrc))
	from pg_proc p where p.pronamespace = to_regnamespace('governance')
	union all
	select concat_ws(' ', 'role', rolname, rolsuper, rolcreaterole, rolcanlogin)
	from pg_roles where rolname in ('governance_owner', 'governance_writer', 'governance_reader')) x order by line collate "C"`;
