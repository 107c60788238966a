import type { WritePrincipal } from '../../core/principal.ts';
import type { Knex } from './directus-types.ts';

/** A policy bound to network addresses makes nobody a steward: what Directus would say of it here is not known. */
const HELD = `select distinct a.policy::text as policy from public.directus_access a
	join public.directus_policies p on p.id = a.policy
	where coalesce(p.ip_access, '') = '' and (a."user"::text = ? or a.role::text = any (?))`;

/** Within one transaction who holds what is read once: a batch asks row by row. */
const known = new WeakMap<Knex, Map<string, Promise<string[]>>>();

/** The Directus policies attached to this user and these roles now. Rejects when they cannot be read. */
export function heldPolicies(database: Knex, { user, role, roles = [] }: WritePrincipal): Promise<string[]> {
	const all = role === null ? [...roles] : [...new Set([role, ...roles])];
	const read = async () => {
		const { rows } = await database.raw(HELD, [user, all]);
		return rows.map(({ policy }) => String(policy));
	};
	if (!database.isTransaction) return read();

	const within = known.get(database) ?? new Map<string, Promise<string[]>>();
	known.set(database, within);
	const key = JSON.stringify([user, all]);
	const held = within.get(key) ?? read();
	within.set(key, held);
	return held;
}
