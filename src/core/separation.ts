import type { StrengthFacts } from './strength.ts';

/** Who and what the steps are about. */
export interface SeparationNames {
	directusRole: string;
	operator: string;
	database: string;
}

/** What takes one weakness away. `sql` runs as the operator where it may, else as an administrator of the server. */
export interface SeparationStep {
	weakness: string;
	sql: string[];
	/** Not SQL: what the operator does besides. */
	besides: string[];
}

const PASSWORD = '<a long random password, for example from: openssl rand -base64 33>';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The way to `separated` from here, one step for each weakness; empty when there is none left. */
export function separationSteps(facts: StrengthFacts, names: SeparationNames): SeparationStep[] {
	const { directusRole, operator, database } = names;
	const [directus, me, here] = [quoted(directusRole), quoted(operator), quoted(database)];
	const keeps = [
		`grant usage, create on schema public to ${directus}`,
		`grant connect, temporary on database ${here} to ${directus}`,
	];
	const sql = (weakness: string, ...statements: string[]): SeparationStep => ({
		weakness,
		sql: statements,
		besides: [],
	});
	const powers = facts.powers.map((power) => sql(`${power} reaches past ownership`, withoutPower(power, directus)));
	const superusers = facts.superusers
		.filter((role) => role !== directusRole)
		.map((role) => sql(`${role} is superuser`, `revoke ${quoted(role)} from ${directus}`));
	return [
		...(facts.superusers.includes(directusRole) ? [newLogin(`${directusRole} is superuser`, names)] : []),
		...superusers,
		...powers,
		...(facts.ownsSchemaPublic
			? [sql("Directus's role owns schema public", `alter schema public owner to ${me}`, ...keeps)]
			: []),
		...(facts.ownsDatabase
			? [sql("Directus's role owns the database", `alter database ${here} owner to ${me}`, ...keeps)]
			: []),
		...(facts.maySetReplicationRole
			? [
					sql(
						"Directus's role may set session_replication_role",
						`revoke set on parameter session_replication_role from ${directus}`,
					),
				]
			: []),
		...(facts.ownedGovernedObjects.length > 0
			? [
					{
						weakness: `Directus's role owns ${facts.ownedGovernedObjects.join(', ')}`,
						sql: [],
						besides: ['governed apply --strength separated'],
					},
				]
			: []),
	];
}

/** `power` as the facts name it: `role: ATTRIBUTE`, or `role: member` of a role with reach. */
function withoutPower(power: string, directus: string): string {
	const end = power.lastIndexOf(': ');
	const [role, attribute] = [quoted(power.slice(0, end)), power.slice(end + 2)];
	return role === directus ? `alter role ${role} no${attribute.toLowerCase()}` : `revoke ${role} from ${directus}`;
}

/**
 * A login of Directus's own, where the one it has cannot be made harmless: a superuser, or the operator's own login. No
 * secret is made or shown: the password is the administrator's to choose.
 */
export function newLogin(weakness: string, { directusRole, operator, database }: SeparationNames): SeparationStep {
	const name = `${directusRole}_app`;
	const fresh = quoted(name);
	return {
		weakness,
		sql: [
			`create role ${fresh} login password '${PASSWORD}' nosuperuser nocreatedb nocreaterole noreplication nobypassrls`,
			`grant ${fresh} to ${quoted(operator)}`,
			`grant connect, temporary on database ${quoted(database)} to ${fresh}`,
			`grant usage, create on schema public to ${fresh}`,
			handOver(directusRole, name),
		],
		besides: [
			'stop Directus before the statements above, and set in its environment:',
			`DB_USER=${name}`,
			`DB_PASSWORD=${PASSWORD}`,
			`in directus.config.ts: directus_role: '${name}'`,
			'governed apply --strength separated, then start Directus',
		],
	};
}

/** Everything Directus made in `public`, one by one: REASSIGN OWNED would hand the database and the schema over as well. */
function handOver(from: string, to: string): string {
	const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
	return `do $hand_over$ declare statement text; begin
	for statement in
		select format('alter %s %s owner to %I', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end, c.oid::regclass, ${literal(to)})
		from pg_class c where c.relnamespace = 'public'::regnamespace and pg_get_userbyid(c.relowner) = ${literal(from)} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
			and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
		union all select format('alter routine %s owner to %I', p.oid::regprocedure, ${literal(to)})
		from pg_proc p where p.pronamespace = 'public'::regnamespace and pg_get_userbyid(p.proowner) = ${literal(from)} and p.prokind <> 'a'
			and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
	loop execute statement; end loop;
end $hand_over$`;
}
