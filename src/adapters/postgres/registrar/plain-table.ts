import type { Fault } from '../../../service/ports/registrar.ts';
import { rowsOf, type Sql } from './session.ts';

/**
 * What an operator must not touch before it is gone: each could run code of Directus's role with the operator's rights,
 * or lets that role change the table from outside. `sql` takes the tables' oids and names, with the oid, what it found.
 */
const SNARES: { problem: string; fix: string; sql: string }[] = [
	{
		problem: 'is not an ordinary table (a view, partition or foreign table can run code when it is read)',
		fix: 'replace it with an ordinary table',
		sql: `select c.oid, null as found from pg_class c where c.oid = any ($1::oid[]) and (c.relkind <> 'r' or c.relispartition)`,
	},
	{
		problem: 'is unlogged: a crash of the server empties it',
		fix: 'make it permanent with ALTER TABLE … SET LOGGED',
		sql: `select c.oid, null as found from pg_class c where c.oid = any ($1::oid[]) and c.relkind = 'r' and c.relpersistence <> 'p'`,
	},
	{
		problem: 'takes part in table inheritance',
		fix: 'end the inheritance with ALTER TABLE … NO INHERIT',
		sql: `select oid, null as found from pg_inherits, lateral (values (inhrelid), (inhparent)) part (oid) where oid = any ($1::oid[])`,
	},
	{
		problem: 'has a trigger that is not ours',
		fix: 'drop the trigger',
		sql: `select t.tgrelid as oid, t.tgname as found from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
			where t.tgrelid = any ($1::oid[]) and not t.tgisinternal
				and not (n.nspname = 'governance' and t.tgname like 'governance\\_%'
					and pg_get_userbyid(p.proowner) in ('governance_owner', 'governance_writer'))`,
	},
	{
		problem: 'has a rewrite rule',
		fix: 'drop the rule',
		sql: 'select ev_class as oid, rulename as found from pg_rewrite where ev_class = any ($1::oid[])',
	},
	{
		problem: 'has row security or a policy',
		fix: 'drop the policies and disable row security',
		sql: `select oid, null as found from pg_class where oid = any ($1::oid[]) and (relrowsecurity or relforcerowsecurity)
			union all select polrelid, polname from pg_policy where polrelid = any ($1::oid[])`,
	},
	{
		problem: 'has a generated column',
		fix: 'make it an ordinary column',
		sql: `select attrelid as oid, attname as found from pg_attribute where attrelid = any ($1::oid[]) and attgenerated <> '' and not attisdropped`,
	},
	{
		problem: 'has a column whose type is not built in (a domain can run code)',
		fix: 'use the base type',
		sql: `select a.attrelid as oid, a.attname as found from pg_attribute a join pg_type t on t.oid = a.atttypid join pg_namespace n on n.oid = t.typnamespace
			left join pg_type e on e.oid = t.typelem left join pg_namespace en on en.oid = e.typnamespace
			where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped
				and (n.nspname <> 'pg_catalog' or coalesce(en.nspname, 'pg_catalog') <> 'pg_catalog')`,
	},
	{
		// A default, check, index or statistics expression reaches a function by name, operator, cast or type, and the planner
		// runs some of them on a mere SELECT. Whatever the table leans on also takes part of it along when it is dropped with
		// CASCADE. So anything that initdb did not make is refused; foreign keys are judged apart, columns' types above.
		problem:
			'leans on something that is not built in, in a default, check, index, collation, statistics object or extension',
		fix: 'drop what uses it; give a sequence to the column with ALTER SEQUENCE … OWNED BY',
		sql: `with parts (home, classid, objid) as (
				select t.oid, 'pg_class'::regclass, t.oid from unnest($1::oid[]) t (oid)
				union all select adrelid, 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid = any ($1::oid[])
				union all select conrelid, 'pg_constraint'::regclass, oid from pg_constraint where conrelid = any ($1::oid[]) and contype <> 'f'
				union all select indrelid, 'pg_class'::regclass, indexrelid from pg_index where indrelid = any ($1::oid[])
				union all select stxrelid, 'pg_statistic_ext'::regclass, oid from pg_statistic_ext where stxrelid = any ($1::oid[])
			)
			select distinct p.home as oid, pg_describe_object(d.refclassid, d.refobjid, 0) as found
			from pg_depend d join parts p using (classid, objid)
			where d.refobjid >= 16384 and d.refclassid <> 'pg_namespace'::regclass
				-- The table's own parts, the sequences its columns own, and the types of its columns, which are named above.
				and not exists (select from parts own where own.home = p.home and own.classid = d.refclassid and own.objid = d.refobjid)
				and not exists (select from pg_depend o where o.classid = d.refclassid and o.objid = d.refobjid
					and o.refclassid = 'pg_class'::regclass and o.refobjid = p.home and o.deptype in ('a', 'i'))
				and not (d.refclassid = 'pg_type'::regclass and d.classid = 'pg_class'::regclass and d.objid = p.home)`,
	},
];

/** Every reason why the operator must keep off these tables. The caller holds what locks keep them as they are. */
export async function snaresOf(client: Sql, ...qualifiedNames: string[]): Promise<Fault[]> {
	const tables = await rowsOf<{ name: string; oid: string | null }>(
		client,
		'select name, to_regclass(name)::oid::text as oid from unnest($1::text[]) name',
		[qualifiedNames],
	);
	const faults: Fault[] = tables
		.filter(({ oid }) => oid === null)
		.map(({ name }) => ({
			subject: name,
			problem: 'does not exist',
			fix: 'create it, or take it out of the declaration',
		}));
	const names = new Map(tables.map(({ name, oid }) => [oid, name]));
	const oids = tables.flatMap(({ oid }) => oid ?? []);
	for (const { problem, fix, sql } of SNARES) {
		const found = new Map<string, string[]>();
		const rows = await rowsOf<{ oid: string; found: string | null }>(
			client,
			`select oid::text, found from (${sql}) f order by 2`,
			[oids],
		);
		for (const { oid, found: what } of rows)
			found.set(oid, [...(found.get(oid) ?? []), ...(what === null ? [] : [what])]);
		for (const [oid, whats] of found) {
			const named = whats.length > 0 ? `${problem}: ${whats.join(', ')}` : problem;
			faults.push({ subject: names.get(oid) ?? oid, problem: named, fix });
		}
	}
	return faults;
}

/** Locks a plain table against change of its structure and writes by others; refuses anything that is not plain. */
export async function lockPlainTable(
	client: Sql,
	qualifiedName: string,
	mode: 'share row exclusive' | 'access exclusive' = 'share row exclusive',
): Promise<Fault[]> {
	const before = await snaresOf(client, qualifiedName);
	if (before.length > 0) return before;
	await client.query(`lock table ${qualifiedName} in ${mode} mode`);
	return snaresOf(client, qualifiedName);
}

/** Keeps plain tables what they are while they are read, without keeping anybody from writing to them. */
export async function lockPlainTables(client: Sql, qualifiedNames: string[]): Promise<Fault[]> {
	const before = await snaresOf(client, ...qualifiedNames);
	if (before.length > 0) return before;
	await client.query(`lock table ${qualifiedNames.join(', ')} in access share mode`);
	return snaresOf(client, ...qualifiedNames);
}
