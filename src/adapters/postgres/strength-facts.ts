import type pg from 'pg';
import type { StrengthFacts } from '../../core/strength.ts';

/** Roles whose members reach past table ownership: PostgreSQL's own (DESIGN.md §4, "Strength is computed") and the product's. */
const REACHING_ROLES = [
	'pg_write_all_data',
	'pg_execute_server_program',
	'pg_write_server_files',
	// A subscription's worker fires no statement trigger.
	'pg_create_subscription',
	'governance_owner',
	'governance_writer',
];

/**
 * Follows memberships row by row, because `pg_has_role` says yes to everything for a superuser. Reads the catalogue only;
 * safe on any connection, needs no privilege.
 */
export async function readStrengthFacts(
	client: Pick<pg.Client, 'query'>,
	directusRole: string,
): Promise<StrengthFacts> {
	const { rows } = await client.query<StrengthFacts & { superusers: string[] | null }>(
		`with recursive held (oid) as (
			select oid from pg_catalog.pg_roles where rolname = $1
			union select m.roleid from pg_catalog.pg_auth_members m join held h on h.oid = m.member
		), reachable as (
			select r.* from pg_catalog.pg_roles r join held using (oid)
			union select r.* from pg_catalog.pg_roles r join pg_catalog.pg_database d on d.datname = current_database()
			where r.rolname = 'pg_database_owner' and d.datdba in (select oid from held)
		)
		select
			array(select rolname::text from reachable where rolsuper order by 1) as superusers,
			array(select rolname || ': ' || power from reachable,
				lateral (values (rolcreaterole, 'CREATEROLE'), (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS'),
					(rolname = any ($2), 'member')) p (has, power)
				where has and not rolsuper order by 1) as powers,
			exists (select from pg_catalog.pg_database d join reachable r on r.oid = d.datdba where d.datname = current_database()) as "ownsDatabase",
			exists (select from pg_catalog.pg_namespace n join reachable r on r.oid = n.nspowner where n.nspname = 'public') as "ownsSchemaPublic",
			array(
				select c.oid::regclass::text from pg_catalog.pg_class c join reachable r on r.oid = c.relowner
				join pg_catalog.pg_namespace n on n.oid = c.relnamespace
				where c.relkind in ('r', 'p') and (n.nspname = 'governance'
					or exists (select from governance.governed_collections g where n.nspname = 'public' and g.collection = c.relname))
				union all select p.oid::regprocedure::text from pg_catalog.pg_proc p join reachable r on r.oid = p.proowner
				where p.pronamespace = pg_catalog.to_regnamespace('governance')
				union all select 'schema ' || n.nspname from pg_catalog.pg_namespace n join reachable r on r.oid = n.nspowner
				where n.nspname = 'governance'
				order by 1) as "ownedGovernedObjects",
			exists (select from reachable r
				where not r.rolsuper and has_parameter_privilege(r.oid, 'session_replication_role', 'SET')) as "maySetReplicationRole"`,
		[directusRole, REACHING_ROLES],
	);
	const [facts] = rows;
	if (!facts) throw new Error('the catalogue query gave no row');
	return facts;
}
