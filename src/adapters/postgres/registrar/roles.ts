import type { Change, Fault } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

const ROLES = ['governance_owner', 'governance_writer', 'governance_reader'] as const;

/** Creates the three roles of the product where they are missing, and lets the operator become owner and writer. */
export async function ensureRoles(client: Sql): Promise<Change[]> {
	const changes: Change[] = [];
	for (const role of ROLES) {
		const [existing] = await rowsOf(client, 'select 1 from pg_roles where rolname = $1', [role]);
		if (existing) continue;
		// Roles belong to the whole server: an installer in another database may create it at the same moment.
		await client.query(
			`do $$ begin create role ${role} nologin; exception when duplicate_object or unique_violation then null; end $$`,
		);
		changes.push({ action: 'add', area: 'role', subject: role, detail: 'role without login' });
	}
	for (const role of ['governance_owner', 'governance_writer'] as const) {
		if (await mayBecome(client, role)) continue;
		await client.query(`grant ${role} to current_user`);
		changes.push({ action: 'add', area: 'role', subject: role, detail: 'the operator may become it' });
	}
	return changes;
}

/**
 * What would let Directus's role pass for the registrar: membership, by whatever way, in a role of the product or in the
 * operator's, or a role of the product that is more than a name. And what would keep the operator from being one.
 */
export async function roleFaults(client: Sql, directusRole: string): Promise<Fault[]> {
	const memberships = await rowsOf<{ role: string }>(
		client,
		`with recursive reachable (oid) as (
			select oid from pg_roles where rolname = $1
			union select m.roleid from pg_auth_members m join reachable r on r.oid = m.member)
		select rolname as role from pg_roles join reachable using (oid)
		where rolname in ('governance_owner', 'governance_writer', current_user) and rolname <> $1 order by 1`,
		[directusRole],
	);
	const powers = await rowsOf<{ role: string; power: string }>(
		client,
		`select rolname as role, power from pg_roles, lateral (values
			(rolcanlogin, 'LOGIN'), (rolsuper, 'SUPERUSER'), (rolcreaterole, 'CREATEROLE'), (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS')) p (has, power)
		where rolname in ('governance_owner', 'governance_writer') and has order by 1, 2`,
	);
	const [owned] = await rowsOf<{ names: string[] }>(
		client,
		`select array_agg(oid::regclass::text) as names from pg_class
		where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and relowner = to_regrole('governance_writer')`,
	);
	const out = await rowsOf<{ role: string }>(
		client,
		`select r.rolname as role from pg_roles r, pg_roles me
		where r.rolname in ('governance_owner', 'governance_writer') and me.rolname = current_user and not me.rolsuper
			and not pg_has_role(r.oid, 'USAGE') and not pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
			and not (me.rolcreaterole and current_setting('server_version_num')::int < 160000) order by 1`,
	);
	return [
		...out.map(({ role }) => ({
			subject: 'operator',
			problem: `may not become ${role}, which another operator of this server made`,
			fix: `as a superuser or as that operator: grant ${role} to this one`,
		})),
		...memberships.map(({ role }) => ({
			subject: directusRole,
			problem: `may become ${role}, so nothing keeps it apart from the registrar`,
			fix: `revoke ${identifier(role)} from ${identifier(directusRole)}, or from the role in between`,
		})),
		...powers.map(({ role, power }) => ({
			subject: role,
			problem: `has ${power}`,
			fix: `alter role ${role} no${power.toLowerCase()}`,
		})),
		...(owned?.names
			? [
					{
						subject: 'governance_writer',
						problem: `owns ${owned.names.join(', ')}: foreign-key actions there would carry the writer's marker`,
						fix: 'alter table … owner to another role',
					},
				]
			: []),
	];
}

async function mayBecome(client: Sql, role: string): Promise<boolean> {
	const [version] = await rowsOf<{ n: number }>(client, `select current_setting('server_version_num')::int as n`);
	const privilege = (version?.n ?? 0) >= 160_000 ? 'SET' : 'MEMBER';
	const [row] = await rowsOf<{ ok: boolean }>(
		client,
		`select pg_has_role(current_user, $1, '${privilege}') and pg_has_role(current_user, $1, 'USAGE') as ok`,
		[role],
	);
	return row?.ok === true;
}
