import { defineGovernance } from '../../../src/config/index.ts';

const agentRoles = (process.env.GOVERNED_AGENT_ROLES ?? '').split(',').filter((role) => role !== '');

/** Governs the collections named `gov_…` of the guard tests; their twins named `free_…` stay ordinary. */
export default defineGovernance({
	environment: 'test',
	directus_role: process.env.GOVERNED_DIRECTUS_ROLE ?? 'directus',
	collections: { gov_items: {}, gov_single: {} },
	agents: { roles: agentRoles, users: [], surfaces: ['mcp', 'ai'] },
	write_allowlist: [
		{ collection: 'agent_notes', actions: ['create'], fields: ['title'] },
		{ collection: 'agent_notes', actions: ['update'] },
	],
});
