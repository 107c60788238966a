import { defineGovernance } from '../../../src/config/index.ts';
import { GOVERNED, OPEN } from './fingerprint.ts';

const agentRoles = (process.env.GOVERNED_AGENT_ROLES ?? '').split(',').filter((role) => role !== '');

/** All that the census attacks. Agents may write the open collections, so that nested writes get as far as they can. */
export default defineGovernance({
	environment: 'test',
	directus_role: process.env.GOVERNED_DIRECTUS_ROLE ?? 'directus',
	collections: Object.fromEntries(
		[...GOVERNED, ...(process.env.CENSUS_ALSO ?? '').split(',').filter((name) => name !== '')].map((name) => [
			name,
			{},
		]),
	),
	agents: { roles: agentRoles, users: [], surfaces: ['mcp', 'ai'] },
	write_allowlist: OPEN.map((collection) => ({ collection, actions: ['create', 'update', 'delete'] })),
	// What flows may be saved is another test's matter; here they run, and the tables have to refuse.
	flows: { mode: 'report' },
	expose: [],
});
