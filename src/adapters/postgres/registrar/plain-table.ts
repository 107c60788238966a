import type { Fault } from '../../../service/ports/registrar.ts';
import { rowsOf, type Sql } from './session.ts';

/** What an operator must not touch before it is gone: each could run code of Directus's role with the operator's rights. */
const SNARES: { problem: string; fix: string; sql: string }[] = [
	{
		problem: 'is not an ordinary table (a view, partition or foreign table can run code when it is read)',
		fix: 'replace it with an ordinary table',
		sql: `select 1 from pg_class c where c.oid = $1::oid and (c.relkind <> 'r' or c.relispartition)`,
	},
	{
		problem: 'takes part in table inheritance',
		fix: 'end the inheritance with ALTER TABLE … NO INHERIT',
		sql: 'select 1 from pg_inherits where inhrelid = $1::oid or inhparent = $1::oid',
	},
	{
		problem: 'has a trigger that is not ours',
		fix: 'drop the trigger',
		sql: `select 1 from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
			where t.tgrelid = $1::oid and not t.tgisinternal
				and not (n.nspname = 'governance' and t.tgname like 'governance\\_%'
					and pg_get_userbyid(p.proowner) in ('governance_owner', 'governance_writer'))`,
	},
	{
		problem: 'has a rewrite rule',
		fix: 'drop the rule',
		sql: 'select 1 from pg_rewrite where ev_class = $1::oid',
	},
	{
		problem: 'has row security or a policy',
		fix: 'drop the policies and disable row security',
		sql: `select 1 from pg_class where oid = $1::oid and (relrowsecurity or relforcerowsecurity)
			union all select 1 from pg_policy where polrelid = $1::oid`,
	},
	{
		problem: 'has a default, check, index expression or generated column that calls a function that is not built in',
		fix: 'drop the default, check, index or column',
		sql: `select 1 from pg_depend d
			join pg_proc p on d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
			join pg_namespace n on n.oid = p.pronamespace
			where n.nspname <> 'pg_catalog' and (
				(d.classid = 'pg_attrdef'::regclass and d.objid in (select oid from pg_attrdef where adrelid = $1::oid))
				or (d.classid = 'pg_constraint'::regclass and d.objid in (select oid from pg_constraint where conrelid = $1::oid))
				or (d.classid = 'pg_class'::regclass and d.objid in (select indexrelid from pg_index where indrelid = $1::oid)))`,
	},
	{
		problem: 'has a generated column',
		fix: 'make it an ordinary column',
		sql: `select 1 from pg_attribute where attrelid = $1::oid and attgenerated <> '' and not attisdropped`,
	},
	{
		problem: 'has a column whose type is not built in (a domain can run code)',
		fix: 'use the base type',
		sql: `select 1 from pg_attribute a join pg_type t on t.oid = a.atttypid join pg_namespace n on n.oid = t.typnamespace
			left join pg_type e on e.oid = t.typelem left join pg_namespace en on en.oid = e.typnamespace
			where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped
				and (n.nspname <> 'pg_catalog' or coalesce(en.nspname, 'pg_catalog') <> 'pg_catalog')`,
	},
];

/** Every reason why the operator must keep off this table. The caller holds a lock on it that keeps it as it is. */
export async function snaresOf(client: Sql, qualifiedName: string): Promise<Fault[]> {
	const [table] = await rowsOf<{ oid: string }>(client, 'select to_regclass($1)::oid::text as oid', [qualifiedName]);
	if (!table?.oid) return [{ subject: qualifiedName, problem: 'does not exist', fix: 'create it, or take it out of the declaration' }];
	const faults: Fault[] = [];
	for (const { problem, fix, sql } of SNARES) {
		if ((await rowsOf(client, sql, [table.oid])).length > 0) faults.push({ subject: qualifiedName, problem, fix });
	}
	return faults;
}

/** Locks a plain table against change of its structure and writes by others; refuses anything that is not plain. */
export async function lockPlainTable(client: Sql, qualifiedName: string): Promise<Fault[]> {
	const before = await snaresOf(client, qualifiedName);
	if (before.length > 0) return before;
	await client.query(`lock table ${qualifiedName} in share row exclusive mode`);
	return snaresOf(client, qualifiedName);
}
