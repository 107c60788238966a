import type { Pool } from 'pg';
import type { PrincipalDirectory } from '../../service/explain/ports.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Row {
	known: boolean;
	role: string | null;
	roles: string[];
	policies: string[];
	admin: boolean;
}

/**
 * Reads what Directus derives from a user or role when somebody signs in. A policy that is bound to network addresses counts
 * as absent, as it does for Directus when a request has none. Source: `@directus/utils` 12.4, `fetchRolesTree`,
 * `fetchGlobalAccess`, and `fetchPolicies` of `@directus/api`.
 */
const FIND = `
	with recursive own as (
		select u.id as "user", u.role from public.directus_users u where u.id = $1
	), line (id, parent, depth) as (
		select r.id, r.parent, 0 from public.directus_roles r where r.id = coalesce($2, (select own.role from own))
		union all
		select r.id, r.parent, line.depth + 1 from public.directus_roles r join line on r.id = line.parent where line.depth < 100
	), held as (
		select distinct p.id as policy, p.admin_access
		from public.directus_access a join public.directus_policies p on p.id = a.policy
		where coalesce(p.ip_access, '') = '' and (
			a."user" = $1 or a.role in (select line.id from line)
			or (a.role is null and a."user" is null and not exists (select from line))
		)
	)
	select
		($1::uuid is null or exists (select from own)) and ($2::uuid is null or exists (select from line)) as known,
		coalesce($2, (select own.role from own))::text as role,
		coalesce((select array_agg(line.id::text order by line.depth) from line), '{}') as roles,
		coalesce((select array_agg(held.policy::text order by held.policy) from held), '{}') as policies,
		exists (select from held where held.admin_access) as admin`;

export function createPrincipalDirectory(pool: Pick<Pool, 'query'>): PrincipalDirectory {
	return {
		async find({ user, role }) {
			if ([user, role].some((id) => id !== null && !UUID.test(id))) return null;
			const { rows } = await pool.query<Row>(FIND, [user, role]);
			const [found] = rows;
			return found?.known
				? { role: found.role, roles: found.roles, policies: found.policies, admin: found.admin }
				: null;
		},
	};
}
