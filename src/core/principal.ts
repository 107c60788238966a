/** Who asks for a write, as far as Directus says. `ai` is Directus's own assistant; the rest are the log's surfaces. */
export interface WritePrincipal {
	kind: 'public' | 'user' | 'admin' | 'agent' | 'system';
	user: string | null;
	role: string | null;
	surface: WriteSurface;
	/** The role with its parents, and the Directus policies attached to them or to the user. Absent: none are known. */
	roles?: readonly string[];
	policies?: readonly string[];
}

export type WriteSurface = 'rest' | 'graphql' | 'ws' | 'mcp' | 'ai' | 'flow' | 'system';

/** Ids and flags of an accountability. `roles` is the role with its parents: an agent role inherited is an agent role. */
export interface PrincipalFacts {
	user: string | null;
	role: string | null;
	roles: readonly string[];
	admin: boolean;
	surface: WriteSurface;
}

/** Who counts as an agent, in a form that is asked once per write. */
export interface AgentIndex {
	roles: ReadonlySet<string>;
	users: ReadonlySet<string>;
	surfaces: ReadonlySet<string>;
}

/** True when any of user, roles or surface is listed; one listed mark is enough. */
export function isAgent(
	agents: AgentIndex,
	facts: Omit<PrincipalFacts, 'admin' | 'roles'> & Partial<Pick<PrincipalFacts, 'roles'>>,
): boolean {
	if (agents.surfaces.has(facts.surface)) return true;
	if (facts.user !== null && agents.users.has(facts.user)) return true;
	if (facts.role !== null && agents.roles.has(facts.role)) return true;
	return facts.roles?.some((role) => agents.roles.has(role)) ?? false;
}

/** `facts` null is a system path: Directus itself, another extension, a schema apply. Null is not trust. */
export function classifyPrincipal(agents: AgentIndex, facts: PrincipalFacts | null): WritePrincipal {
	if (facts === null) return { kind: 'system', user: null, role: null, surface: 'system' };
	const { user, role, surface, roles } = facts;
	return { kind: kindOf(agents, facts), user, role, surface, roles };
}

function kindOf(agents: AgentIndex, facts: PrincipalFacts): WritePrincipal['kind'] {
	if (isAgent(agents, facts)) return 'agent';
	if (facts.admin) return 'admin';
	return facts.user === null && facts.role === null ? 'public' : 'user';
}
