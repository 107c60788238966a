import type pg from 'pg';
import type { StrengthFacts } from '../../core/strength.ts';

/** Predefined roles whose members reach past table ownership. Source: DESIGN.md §4, "Strength is computed". */
const REACHING_ROLES = ['pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files'];

/** Reads the catalogue only; safe on any connection, needs no privilege. */
export async function readStrengthFacts(client: Pick<pg.Client, 'query'>, directusRole: string): Promise<StrengthFacts> {
	const { rows } = await client.query<StrengthFacts & { superusers: string[] | null }>(
		`with reachable as (
			select r.* from pg_catalog.pg_roles r where pg_has_role($1, r.oid, 'MEMBER')
		)
		select
			array(select rolname::text from reachable where rolsuper) as superusers,
			array(select rolname || ': ' || power from reachable,
				lateral (values (rolcreaterole, 'CREATEROLE'), (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS'),
					(rolname = any ($2), 'member')) p (has, power)
				where has and not rolsuper) as powers,
			exists (select from pg_catalog.pg_database d join reachable r on r.oid = d.datdba where d.datname = current_database()) as "ownsDatabase",
			exists (select from pg_catalog.pg_namespace n join reachable r on r.oid = n.nspowner where n.nspname = 'public') as "ownsSchemaPublic",
			array(select c.oid::regclass::text from pg_catalog.pg_class c join reachable r on r.oid = c.relowner
				join pg_catalog.pg_namespace n on n.oid = c.relnamespace
				where c.relkind in ('r', 'p') and (n.nspname = 'governance'
					or exists (select from governance.governed_collections g where n.nspname = 'public' and g.collection = c.relname))
				order by 1) as "ownedGovernedObjects",
			has_parameter_privilege($1, 'session_replication_role', 'SET') as "maySetReplicationRole"`,
		[directusRole, REACHING_ROLES],
	);
	const [facts] = rows;
	if (!facts) throw new Error('the catalogue query gave no row');
	return facts;
}
