import { METADATA_TABLES, OWN_TABLES } from '../../../core/governed-tables.ts';
import type { Fault } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

/** The oldest PostgreSQL the guards were shown on. Source: DESIGN.md §4. */
const OLDEST_SERVER = 150_000;

interface Surroundings {
	version: number;
	operator: string;
	directus_exists: boolean;
	may_act_as_directus: boolean;
	may_create_roles: boolean;
	roles_exist: boolean;
	may_create_schema: boolean;
	owns_public: boolean;
	schema_owner: string | null;
}

/** Everything that must hold before the first change, each with its fix. */
export async function preconditionFaults(client: Sql, directusRole: string): Promise<Fault[]> {
	const [facts] = await rowsOf<Surroundings>(
		client,
		`select current_setting('server_version_num')::int as version,
			current_user as operator,
			exists (select from pg_roles where rolname = $1) as directus_exists,
			exists (select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'USAGE')) as may_act_as_directus,
			(select rolcreaterole or rolsuper from pg_roles where rolname = current_user) as may_create_roles,
			(select count(*) = 3 from pg_roles where rolname in ('governance_owner', 'governance_writer', 'governance_reader')) as roles_exist,
			has_database_privilege(current_database(), 'CREATE') as may_create_schema,
			(select pg_has_role(current_user, nspowner, 'USAGE') from pg_namespace where nspname = 'public') as owns_public,
			(select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'governance') as schema_owner`,
		[directusRole],
	);
	if (!facts) throw new Error('the catalogue query gave no row');
	const faults: Fault[] = [];
	const unless = (holds: boolean, subject: string, problem: string, fix: string) => {
		if (!holds) faults.push({ subject, problem, fix });
	};
	const operator = identifier(facts.operator);
	const directus = identifier(directusRole);
	unless(
		facts.version >= OLDEST_SERVER,
		'PostgreSQL',
		`version ${facts.version} is too old`,
		'use PostgreSQL 15 or newer',
	);
	unless(
		facts.operator !== directusRole,
		'roles',
		'the operator and Directus share one database role, so nothing can keep them apart',
		`give Directus a login of its own and name it in "directus_role", or connect as another role in GOVERNED_OPERATOR_URL`,
	);
	unless(
		facts.directus_exists,
		'directus_role',
		`role ${directusRole} does not exist`,
		'name the role Directus connects with (its DB_USER) in "directus_role"',
	);
	unless(
		!facts.directus_exists || facts.may_act_as_directus,
		'operator',
		`${facts.operator} does not hold the rights of ${directusRole}, whose tables it must guard`,
		`grant ${directus} to ${operator}`,
	);
	unless(
		facts.may_create_roles || facts.roles_exist,
		'operator',
		`${facts.operator} may not create roles`,
		`alter role ${operator} createrole`,
	);
	unless(
		facts.may_create_schema,
		'operator',
		`${facts.operator} may not create a schema in this database`,
		`grant create on database … to ${operator}`,
	);
	unless(
		facts.owns_public,
		'operator',
		`${facts.operator} does not hold the rights of the owner of schema public`,
		`alter database … owner to ${operator}, or alter schema public owner to ${operator}`,
	);
	unless(
		facts.schema_owner === null || facts.schema_owner === 'governance_owner',
		'schema governance',
		`belongs to ${facts.schema_owner}, not to governance_owner`,
		'find out who made it; rename or drop it',
	);
	faults.push(...(await missingDirectusTables(client)), ...(await takenNames(client)));
	return faults;
}

/** Before the first apply nothing may stand where our tables will: Directus's role can create what it likes in `public`. */
async function takenNames(client: Sql): Promise<Fault[]> {
	const names = OWN_TABLES.filter(({ schema }) => schema === 'public').map(({ name }) => name);
	const rows = await rowsOf<{ name: string }>(
		client,
		`select t.typname as name from pg_type t
		where t.typnamespace = to_regnamespace('public') and t.typname = any ($1) and to_regnamespace('governance') is null
		union select c.relname from pg_class c
		where c.relnamespace = to_regnamespace('public') and c.relname = any ($1) and to_regnamespace('governance') is null order by 1`,
		[names],
	);
	return rows.map(({ name }) => ({
		subject: `public.${name}`,
		problem: 'exists already and is not ours',
		fix: 'rename or drop it',
	}));
}

async function missingDirectusTables(client: Sql): Promise<Fault[]> {
	const names = METADATA_TABLES.map(({ name }) => name);
	const rows = await rowsOf<{ name: string }>(
		client,
		`select name from unnest($1::text[]) name where to_regclass('public.' || name) is null`,
		[names],
	);
	if (rows.length === 0) return [];
	return [
		{
			subject: 'Directus',
			problem: `schema public lacks ${rows.map(({ name }) => name).join(', ')}`,
			fix: 'point GOVERNED_OPERATOR_URL at the database of Directus 12, after its first start (or "directus bootstrap")',
		},
	];
}
