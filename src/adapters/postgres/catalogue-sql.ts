import { FUNCTION_FACTS } from './registrar/shipped-functions.ts';

/** `$1`, `$2`: schemas and names of the watched tables, Directus's own among them. */
const WATCHED = `watched as (
	select c.* from unnest($1::text[], $2::text[]) w (schema, name)
	join pg_namespace n on n.nspname = w.schema join pg_class c on c.relnamespace = n.oid and c.relname = w.name
)`;

/** Directus's role and every role it can become. Memberships row by row: a superuser holds everything by `pg_has_role`. */
const HELD = `held (oid) as (
	select oid from pg_roles where rolname = current_user
	union select m.roleid from pg_auth_members m join held h on h.oid = m.member
)`;

/**
 * One digest over every catalogue row the look below reads, and the versions of the rows that describe collections (`$3`):
 * while it stays the same, the look would say the same.
 */
export const CATALOGUE_DIGEST = `with recursive ${HELD}, ${WATCHED}
	select md5(concat_ws('|', current_user,
		(select string_agg(r::text, ';' order by r.oid) from pg_roles r where r.oid in (select oid from held)),
		(select md5(string_agg(concat_ws(',', oid, relname, relowner, relkind, relacl, relrowsecurity,
			relforcerowsecurity, relispartition, relpersistence), ';' order by oid)) from watched),
		(select md5(string_agg(t::text, ';' order by t.oid)) from pg_trigger t where t.tgrelid in (select oid from watched) and not t.tgisinternal),
		(select md5(string_agg(concat_ws(',', attrelid, attname, attacl), ';' order by attrelid, attnum))
			from pg_attribute where attrelid in (select oid from watched) and attacl is not null),
		(select md5(string_agg(concat_ws(',', oid, conrelid, confdeltype, confupdtype, contype), ';' order by oid))
			from pg_constraint where conrelid in (select oid from watched) and contype in ('f', 'p')),
		(select string_agg(i::text, ';' order by inhrelid, inhparent) from pg_inherits i
			where inhrelid in (select oid from watched) or inhparent in (select oid from watched)),
		(select string_agg(concat_ws(',', oid, ev_class), ';' order by oid) from pg_rewrite where ev_class in (select oid from watched)),
		(select md5(string_agg(p::text, ';' order by p.oid)) from pg_proc p where pronamespace = to_regnamespace('governance')),
		(select n::text from pg_namespace n where nspname = 'governance'),
		(select md5(string_agg(concat_ws(',', collection, class), ';' order by collection)) from governance.governed_collections),
		(select md5(string_agg(concat(xmin, ctid), ';' order by ctid)) from public.directus_collections where collection = any ($3)),
		(select md5(string_agg(concat(xmin, ctid), ';' order by ctid)) from public.directus_fields where collection = any ($3)),
		(select md5(string_agg(concat(xmin, ctid), ';' order by ctid)) from public.directus_relations
			where many_collection = any ($3) or one_collection = any ($3) or one_allowed_collections is not null)
	)) as digest`;

/** One row: tables, functions, role and what the database takes for governed, as JSON. */
export const CATALOGUE_LOOK = `with recursive ${HELD}, ${WATCHED}
	select
		(select coalesce(json_agg(json_build_object(
			'schema', n.nspname, 'table', w.relname, 'name', format('%I.%I', n.nspname, w.relname), 'owner', pg_get_userbyid(w.relowner),
			'key', (select a.attname from pg_index i join pg_attribute a on a.attrelid = w.oid and a.attnum = i.indkey[0]
				where i.indrelid = w.oid and i.indisprimary and i.indnkeyatts = 1),
			'oddities', array_remove(array[
				case when w.relkind <> 'r' or w.relispartition then 'is not an ordinary table' end,
				case when w.relpersistence <> 'p' then 'is unlogged' end,
				case when exists (select from pg_rewrite where ev_class = w.oid) then 'has a rewrite rule' end,
				case when w.relrowsecurity or w.relforcerowsecurity then 'has row security' end,
				case when exists (select from pg_inherits where inhrelid = w.oid or inhparent = w.oid) then 'takes part in inheritance' end
			], null) || array(select format('has foreign key %s with an action', conname) from pg_constraint
				where conrelid = w.oid and contype = 'f' and (confdeltype not in ('a', 'r') or confupdtype not in ('a', 'r')) order by 1),
			'triggers', (select coalesce(json_agg(json_build_object('name', tgname, 'definition', pg_get_triggerdef(t.oid), 'enabled', tgenabled,
					'ours', p.pronamespace = to_regnamespace('governance')) order by tgname), '[]')
				from pg_trigger t join pg_proc p on p.oid = t.tgfoid where t.tgrelid = w.oid and not tgisinternal),
			'privileges', array(
				select distinct x.privilege from (
					select a.grantee, a.privilege_type as privilege from aclexplode(w.relacl) a
					union all select a.grantee, format('%s (%s)', a.privilege_type, t.attname)
					from pg_attribute t, aclexplode(t.attacl) a where t.attrelid = w.oid and not t.attisdropped) x
				where (x.grantee = 0 or x.grantee in (select oid from held)) and x.grantee <> w.relowner and x.privilege not like 'SELECT%' order by 1),
			'versioning', exists (select from public.directus_collections d
				where n.nspname = 'public' and d.collection = w.relname and d.versioning)
		)), '[]') from watched w join pg_namespace n on n.oid = w.relnamespace) as tables,
		(select coalesce(json_agg(json_build_object('signature', p.oid::regprocedure::text, 'owner', pg_get_userbyid(p.proowner), 'facts', ${FUNCTION_FACTS})), '[]')
			from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = to_regnamespace('governance')) as functions,
		json_build_object(
			'name', current_user,
			'superuser', exists (select from pg_roles r join held using (oid) where r.rolsuper),
			'member_of', array(select r.rolname from pg_roles r join held using (oid) where r.rolname <> current_user order by 1),
			'creates_in_governance', exists (select from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'governance'
				and a.privilege_type = 'CREATE' and a.grantee <> n.nspowner and (a.grantee = 0 or a.grantee in (select oid from held))),
			'schema_owner', (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'governance')
		) as role,
		(select coalesce(json_object_agg(collection, class), '{}') from governance.governed_collections) as known`;
