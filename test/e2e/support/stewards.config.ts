import { AGENT, EDITOR } from '../../../instance/principals.ts';
import { defineGovernance } from '../../../src/config/index.ts';

const rule = (name: string, actions: ('create' | 'update' | 'delete')[], fields: '*' | string[]) => ({
	name,
	roles: [EDITOR.role],
	actions,
	fields,
});

/** Collections named `st_…` with the editor as a steward; every rule is by role but the one of the tags. */
export default defineGovernance({
	environment: 'test',
	directus_role: process.env.GOVERNED_DIRECTUS_ROLE ?? 'directus',
	collections: {
		st_prices: {
			stewards: [
				rule('editors', ['update'], ['name', 'price', 'parent']),
				rule('makers', ['create'], ['name', 'price', 'parent']),
				rule('removers', ['delete'], '*'),
			],
		},
		st_tags: {
			stewards: [
				{ name: 'taggers', policies: [EDITOR.policy], actions: ['create', 'update'] as const, fields: ['label'] },
			].map((each) => ({ ...each, actions: [...each.actions] })),
		},
		st_links: { stewards: [rule('linkers', ['create', 'update', 'delete'], '*')] },
		st_blocks: { stewards: [rule('builders', ['create', 'update', 'delete'], '*')] },
		st_parents: { stewards: [rule('parents', ['create', 'update'], ['title'])] },
		st_single: { stewards: [rule('single', ['create', 'update'], ['title'])] },
		st_laws: {},
	},
	agents: { roles: [AGENT.role], users: [], surfaces: ['mcp', 'ai'] },
});
