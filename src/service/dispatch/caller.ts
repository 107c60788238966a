import type { EvidenceActor } from '../../contracts/evidence.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import { isAgent } from '../../core/principal.ts';

/** Who asks, as Directus authenticated them. Ids only. */
export interface DispatchCaller {
	user: string | null;
	role: string | null;
	/** The role and those it descends from. */
	roles: readonly string[];
	admin: boolean;
}

export type DispatchSurface = 'rest' | 'mcp';

/** One stable name per caller; correlation ids and grants are theirs alone. */
export function callerName({ user, role }: DispatchCaller): string {
	return user === null ? `role:${role ?? 'none'}` : `user:${user}`;
}

/** How the log names the caller. Without a policy nobody is known to be an agent, except by the surface. */
export function actorOf(
	caller: DispatchCaller | null,
	surface: DispatchSurface,
	policy: PolicyDocument | null,
): EvidenceActor {
	if (caller === null) return { kind: 'public', user: null, role: null };
	const { user, role } = caller;
	return { kind: kindOf(caller, surface, policy), user, role };
}

function kindOf(
	caller: DispatchCaller,
	surface: DispatchSurface,
	policy: PolicyDocument | null,
): EvidenceActor['kind'] {
	const { roles = [], users = [], surfaces = ['mcp'] } = policy?.agents ?? {};
	const agents = { roles: new Set(roles), users: new Set(users), surfaces: new Set<string>(surfaces) };
	if (isAgent(agents, { ...caller, surface })) return 'agent';
	return caller.admin ? 'admin' : 'user';
}
