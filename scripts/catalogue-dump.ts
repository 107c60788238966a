import type pg from 'pg';

/** `product`: what `governed apply` makes. `everything`: all of schemas governance and public, but no roles: they are the server's. */
export type DumpScope = 'product' | 'everything';

type Sql = Pick<pg.Client, 'query'>;

const OWNER = ['governance_owner', 'governance_writer'];

/** Tables by scope; of Directus's tables the product's dump shows only what apply puts on them. */
const IN_SCOPE = `(n.nspname = 'governance' or (n.nspname = 'public'
	and ($1 = 'everything' or pg_get_userbyid(c.relowner) = any ('{${OWNER.join(',')}}'))))`;

const SECTIONS: { title: string; sql: string }[] = [
	{
		title: 'roles',
		sql: `select concat_ws(' ', 'create role', quote_ident(rolname), case when rolcanlogin then 'login' else 'nologin' end,
				case when rolsuper then 'superuser' end, case when rolcreaterole then 'createrole' end, case when rolcreatedb then 'createdb' end,
				case when rolreplication then 'replication' end, case when rolbypassrls then 'bypassrls' end,
				array_to_string(rolconfig, ' ')) || ';' as line
			from pg_roles where $1 = 'product' and rolname in ('governance_owner', 'governance_writer') order by 1`,
	},
	{
		title: 'schemas',
		sql: `select format('create schema %I authorization %I;', n.nspname, pg_get_userbyid(n.nspowner)) as line
			from pg_namespace n where n.nspname = 'governance' or ($1 = 'everything' and n.nspname = 'public')
			union all
			select format('grant %s on schema %I to %s;', a.privilege_type, n.nspname, case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
			from pg_namespace n, aclexplode(n.nspacl) a where a.grantee <> n.nspowner and (n.nspname = 'governance' or ($1 = 'everything' and n.nspname = 'public'))
			order by 1`,
	},
	{
		title: 'tables',
		sql: `select format(E'create table %I.%I (\\n%s\\n);\\nalter table %I.%I owner to %I;', n.nspname, c.relname, (
				select string_agg(E'\\t' || line, E',\\n' order by kind, pos, line) from (
					select 1 as kind, a.attnum as pos, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
						case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid)) as line
					from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
					where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
					union all
					select 2, 0, format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid))
					from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c', 'x')) parts),
				n.nspname, c.relname, pg_get_userbyid(c.relowner)) as line
			from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and ${IN_SCOPE} order by 1`,
	},
	{
		title: 'other relations, rules, policies and statistics objects',
		sql: `select line from (
				select format('-- %s %I.%I owned by %I', c.relkind, n.nspname, c.relname, pg_get_userbyid(c.relowner)) as line
				from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind not in ('r', 'p', 'i', 't') and ${IN_SCOPE}
				union all select pg_get_ruledef(r.oid) from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace where ${IN_SCOPE}
				union all select format('-- policy %I on %s', p.polname, p.polrelid::regclass) from pg_policy p
				union all select pg_get_statisticsobjdef(s.oid) from pg_statistic_ext s
				union all select format('-- row security %s %s on %I.%I', c.relrowsecurity, c.relforcerowsecurity, n.nspname, c.relname)
				from pg_class c join pg_namespace n on n.oid = c.relnamespace where (c.relrowsecurity or c.relforcerowsecurity) and ${IN_SCOPE}) x order by 1`,
	},
	{
		title: 'indexes',
		sql: `select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i join pg_class c on c.oid = i.indrelid
			join pg_namespace n on n.oid = c.relnamespace where ${IN_SCOPE} order by 1`,
	},
	{
		title: 'functions',
		sql: `select format(E'%s;\\nalter function %s owner to %I;', rtrim(pg_get_functiondef(p.oid), E'\\n'), p.oid::regprocedure, pg_get_userbyid(p.proowner)) as line
			from pg_proc p join pg_namespace n on n.oid = p.pronamespace
			where p.prokind <> 'a' and (n.nspname = 'governance' or ($1 = 'everything' and n.nspname = 'public')) order by p.oid::regprocedure::text`,
	},
	{
		title: 'triggers',
		sql: `select pg_get_triggerdef(t.oid) || ';' || case t.tgenabled when 'O' then '' else format(E'\\nalter table %s enable %s trigger %I;',
				t.tgrelid::regclass, case t.tgenabled when 'A' then 'always' when 'R' then 'replica' else 'NEVER' end, t.tgname) end as line
			from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
			where not t.tgisinternal and (${IN_SCOPE} or t.tgname like 'governance\\_%') order by t.tgrelid::regclass::text, t.tgname`,
	},
	{
		title: 'privileges',
		sql: `select format('grant %s on %s to %s%s;', what, on_what, who, case when grantable then ' with grant option' else '' end) as line from (
				select a.privilege_type as what, format('%I.%I', n.nspname, c.relname) as on_what, a.grantee, a.is_grantable as grantable,
					case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as who
				from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a where a.grantee <> c.relowner and ${IN_SCOPE}
				union all
				select format('%s (%I)', a.privilege_type, t.attname), format('%I.%I', n.nspname, c.relname), a.grantee, a.is_grantable,
					case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
				from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace, aclexplode(t.attacl) a
				where ${IN_SCOPE} or pg_get_userbyid(a.grantee) like 'governance\\_%'
				union all
				select a.privilege_type, format('function %s', p.oid::regprocedure), a.grantee, a.is_grantable,
					case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
				from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
				where a.grantee <> p.proowner and (n.nspname = 'governance' or ($1 = 'everything' and n.nspname = 'public'))) g order by on_what, who, what, grantable`,
	},
];

/**
 * The structure of a governed database as deterministic text, read from the catalogue: tables, constraints, indexes,
 * functions with bodies, triggers with their enabled state, owners and privileges. No rows, no oids, and nothing that
 * differs between PostgreSQL 15 and 18.
 */
export async function dumpCatalogue(client: Sql, scope: DumpScope): Promise<string> {
	const parts: string[] = [];
	const { rows: before } = await client.query<{ path: string }>(`select current_setting('search_path') as path`);
	// Names are printed in full only where the path does not lead to them. No transaction, so that one may be open.
	await client.query(`select set_config('search_path', 'pg_catalog', false)`);
	for (const { title, sql } of SECTIONS) {
		const { rows } = await client.query<{ line: string }>(sql.includes('$1') ? sql : `${sql} /* $1 */`, [scope]);
		parts.push(`-- ${title}`, ...rows.map(({ line }) => line), '');
	}
	await client.query(`select set_config('search_path', $1, false)`, [before[0]?.path]);
	return parts.join('\n');
}
