import { defineGovernance } from 'directus-extension-governed-dispatch/config';
import { catalogue } from './governance/dot-catalogue.ts';
import { registeredTables } from './governance/registered-tables.ts';
import { KG_EXPLAIN_INPUT_SCHEMA, KG_EXPLAIN_RESULT_SCHEMA } from './src/executor/tools/kg-explain/schema.ts';

const list = (text: string | undefined): string[] => (text ? text.split(',') : []);

/**
 * What this repository's own instance governs. `npm start` applies it; `governed plan` shows what a change of it would do.
 */
export default defineGovernance({
	environment: process.env.GOVERNED_ENVIRONMENT ?? 'demo',
	directus_role: process.env.GOVERNED_DIRECTUS_ROLE ?? 'directus',

	// Content collections of this instance to govern, by name. The demo governs the registry alone.
	collections: Object.fromEntries(list(process.env.GOVERNED_COLLECTIONS).map((name) => [name, {}])),

	agents: {
		roles: list(process.env.GOVERNED_AGENT_ROLES),
		users: list(process.env.GOVERNED_AGENT_USERS),
		surfaces: ['mcp', 'ai'],
	},
	// What agents may write without asking. Governed collections can never stand here.
	write_allowlist: [{ collection: 'agent_notes', actions: ['create'], fields: ['title', 'body'] }],

	executors: {
		'agent-api': { url: process.env.GOVERNED_EXECUTOR_URL ?? 'http://127.0.0.1:8090' },
	},
	lanes: { C1: { tool: 'DOT_C1_VOCAB_BUILD', builds: 'governance_canonical_operation_vocab' } },

	tools: [
		...catalogue,
		{
			code: 'DOT_REGISTER',
			title: 'Registrar',
			verb: 'register',
			object: 'registry',
			description: 'governed plan and governed apply: the one lawful way to register or change anything.',
			path: 'governed apply',
		},
		{
			code: 'DOT_KG_EXPLAIN',
			title: 'Explain the governance graph',
			verb: 'explain',
			object: 'governance graph',
			description: 'Explains one node: tools, contracts, executors, collections, flows, gates, grants and their edges.',
			path: 'dot/DOT_KG_EXPLAIN/dry-run',
			channel: 'dispatch',
		},
		{
			code: 'DOT_INVENTORY',
			title: 'Inventory',
			verb: 'inventory',
			object: 'registry',
			description: 'Counts what the registry holds. No executor serves it yet.',
			path: 'dot/DOT_INVENTORY/dry-run',
			channel: 'dispatch',
		},
	],
	contracts: [
		{
			tool: 'DOT_KG_EXPLAIN',
			version: '1.0.0',
			executor: 'agent-api',
			path: '/dot/DOT_KG_EXPLAIN/dry-run',
			modes: ['PLAN_ONLY', 'DRY_RUN'],
			side_effects: 'none',
			input_schema: KG_EXPLAIN_INPUT_SCHEMA,
			output_schema: KG_EXPLAIN_RESULT_SCHEMA,
		},
		{
			tool: 'DOT_INVENTORY',
			version: '1.0.0',
			executor: 'agent-api',
			path: '/dot/DOT_INVENTORY/dry-run',
			modes: ['PLAN_ONLY', 'DRY_RUN'],
			side_effects: 'none',
			input_schema: { type: 'object', additionalProperties: false },
			output_schema: { type: 'object' },
		},
	],
	tables: [...registeredTables],
});
