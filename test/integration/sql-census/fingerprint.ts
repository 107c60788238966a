import type pg from 'pg';

/**
 * Rows of every table that is governed here and all the catalogue says of it, of the guards and the roles; of the schemas, who
 * owns them in effect and who may do what there.
 */
const FINGERPRINT = `select md5(coalesce(string_agg(part, chr(10) order by part), '')) as print from (
	select concat_ws('|', 'table', c.oid, n.nspname, c.relname, pg_get_userbyid(c.relowner), c.relkind, c.relpersistence, c.relacl, c.relrowsecurity,
		c.relforcerowsecurity, c.relreplident, c.relispartition, c.reloptions, obj_description(c.oid, 'pg_class'),
		(select string_agg(concat_ws(',', attname, format_type(atttypid, atttypmod), attnotnull, attacl, attstattarget, attinhcount, attislocal,
			attgenerated, attidentity, pg_get_expr(d.adbin, d.adrelid)), ';' order by attnum) from pg_attribute a left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
			where attrelid = c.oid and attnum > 0 and not attisdropped),
		(select string_agg(concat_ws(',', conname, conrelid::regclass, pg_get_constraintdef(oid)), ';' order by conname, conrelid) from pg_constraint where conrelid = c.oid or confrelid = c.oid),
		(select string_agg(concat_ws(',', oid, pg_get_triggerdef(oid), tgenabled), ';' order by tgname) from pg_trigger where tgrelid = c.oid and not tgisinternal),
		(select string_agg(pg_get_indexdef(indexrelid), ';' order by indexrelid) from pg_index where indrelid = c.oid),
		(select string_agg(pg_get_ruledef(oid), ';' order by rulename) from pg_rewrite where ev_class = c.oid),
		(select string_agg(polname, ';' order by polname) from pg_policy where polrelid = c.oid),
		(select string_agg(stxname, ';' order by stxname) from pg_statistic_ext where stxrelid = c.oid),
		(select string_agg(concat(inhrelid, '>', inhparent), ';') from pg_inherits where c.oid in (inhrelid, inhparent)),
		(select string_agg(concat_ws(',', s.oid, d.deptype), ';') from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' where d.refobjid = c.oid and d.classid = 'pg_class'::regclass),
		query_to_xml(format('select x::text as row from %s x order by 1', c.oid::regclass), true, true, '')) as part
	from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = any ($1::oid[])
	union all select concat_ws('|', 'function', p.oid::regprocedure, pg_get_userbyid(proowner), proacl, prosecdef, proconfig, prosrc)
	from pg_proc p where pronamespace = to_regnamespace('governance')
	union all select concat_ws('|', 'relation', oid::regclass, relkind) from pg_class where relnamespace = to_regnamespace('governance') and relkind <> 'i'
	union all select concat_ws('|', 'schema', nspname, case when nspowner <> 'pg_database_owner'::regrole then pg_get_userbyid(nspowner)
		else (select pg_get_userbyid(datdba) from pg_database where datname = current_database()) end,
		case nspname when 'governance' then nspacl::text else (
			select string_agg(concat_ws(',', rolname, has_schema_privilege(r.oid, n.oid, 'CREATE'), has_schema_privilege(r.oid, n.oid, 'USAGE')), ';' order by rolname)
			from pg_roles r where rolname !~ '^pg_') end) from pg_namespace n where nspname in ('public', 'governance')
	union all select concat_ws('|', 'role', r) from pg_roles r where rolname !~ '^pg_'
	union all select concat_ws('|', 'member', roleid::regrole, member::regrole) from pg_auth_members
	union all select concat_ws('|', 'default privileges', d) from pg_default_acl d) parts`;

/** Changes with every row, column, guard and right of the tables named by oid. The session is a superuser's. */
export async function fingerprintOf(superuser: Pick<pg.Client, 'query'>, oids: readonly string[]): Promise<string> {
	const { rows } = await superuser.query<{ print: string }>(FINGERPRINT, [oids]);
	return rows[0]?.print ?? '';
}

/** The tables that are governed now, and the product's own. */
export async function governedOids(superuser: Pick<pg.Client, 'query'>): Promise<string[]> {
	const { rows } = await superuser.query<{ oid: string }>(
		`select c.oid::text from pg_class c where c.relkind = 'r' and (c.relnamespace = 'governance'::regnamespace
			or (c.relnamespace = 'public'::regnamespace and c.relname in (select collection from governance.governed_collections))) order by 1`,
	);
	return rows.map(({ oid }) => oid);
}
