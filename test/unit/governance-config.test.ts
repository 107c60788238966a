import { describe, expect, test } from 'vitest';
import { type GovernanceDeclaration, governanceConfigSchema } from '../../src/config/schema.ts';
import { desiredState } from '../../src/service/register/desired-state.ts';

const TOOL = { code: 'DOT_X', title: 't', verb: 'v', object: 'o', description: 'd', path: 'p' };

const CONTRACT = {
	tool: 'DOT_X',
	version: '1',
	executor: 'e',
	path: '/dot/DOT_X',
	modes: ['PLAN_ONLY'] as ['PLAN_ONLY'],
	side_effects: 'none' as const,
	input_schema: {},
	output_schema: {},
};

const BASE = {
	environment: 'test',
	executors: { e: { url: 'http://127.0.0.1:1' } },
	tools: [TOOL],
	contracts: [CONTRACT],
} satisfies GovernanceDeclaration;

const STEWARD = { name: 'editors', roles: ['r1'], actions: ['update'], fields: ['price'] };
const stewards = (...rules: unknown[]) => ({ collections: { prices: { stewards: rules } } });

/** Declarations an operator may write. */
const GOOD: Record<string, Record<string, unknown>> = {
	'the least there is': { environment: 'test', executors: {}, tools: [], contracts: [] },
	'a content collection': { collections: { articles: {}, Price_List: {} } },
	'dispatch closed': { gates: { dispatch_enabled: false } },
	'both modes': { contracts: [{ ...CONTRACT, modes: ['PLAN_ONLY', 'DRY_RUN'] }] },
	'chosen callers': { contracts: [{ ...CONTRACT, callers: { roles: ['r'], users: [], surfaces: ['mcp'] } }] },
	'an allowlist entry': { write_allowlist: [{ collection: 'notes', actions: ['create'], fields: ['title'] }] },
	'an allowlist entry that is a word of JavaScript': {
		write_allowlist: [{ collection: 'constructor', actions: ['create'] }],
	},
	'nothing exposed': { expose: [] },
	'stewards of some fields': stewards(STEWARD, { ...STEWARD, name: 'admins', users: ['u1'], fields: '*' }),
	'stewards who only delete': stewards({ ...STEWARD, actions: ['delete'], fields: '*' }),
	'a lane whose tool is not registered': { lanes: { C1: { tool: 'DOT_C1', builds: 'vocab' } } },
};

/** What must be refused, with the path of the fault. Several of these try to get round a rule. */
const BAD: Record<string, [change: Record<string, unknown>, path: string]> = {
	'a steward rule that names nobody': [stewards({ ...STEWARD, roles: [] }), 'collections.prices.stewards.0'],
	'two steward rules of one name': [stewards(STEWARD, STEWARD), 'collections.prices.stewards.1.name'],
	'a steward rule with a name like SQL': [stewards({ ...STEWARD, name: "x'" }), 'collections.prices.stewards.0.name'],
	'a steward rule without actions': [stewards({ ...STEWARD, actions: [] }), 'collections.prices.stewards.0.actions'],
	'a steward rule that truncates': [
		stewards({ ...STEWARD, actions: ['truncate'] }),
		'collections.prices.stewards.0.actions.0',
	],
	'a steward rule without fields': [stewards({ ...STEWARD, fields: [] }), 'collections.prices.stewards.0.fields'],
	'a field of a steward rule named twice': [
		stewards({ ...STEWARD, fields: ['price', 'price'] }),
		'collections.prices.stewards.0.fields.1',
	],
	'fields of a rule that only deletes': [
		stewards({ ...STEWARD, actions: ['delete'] }),
		'collections.prices.stewards.0.fields',
	],
	'an agent as a steward': [
		{ ...stewards(STEWARD), agents: { roles: ['r1'], users: [], surfaces: ['mcp'] } },
		'collections.prices.stewards.0.roles.0',
	],
	'an open gate': [{ gates: { execute_enabled: true } }, 'gates.execute_enabled'],
	'a real run': [{ gates: { real_run_enabled: true } }, 'gates.real_run_enabled'],
	'a gate opened with a string': [{ gates: { real_run_enabled: 'true' } }, 'gates.real_run_enabled'],
	'dry_run_only off': [{ gates: { dry_run_only: false } }, 'gates.dry_run_only'],
	'a gate that does not exist': [{ gates: { everything: true } }, 'gates'],
	'REAL_RUN in a contract': [{ contracts: [{ ...CONTRACT, modes: ['REAL_RUN'] }] }, 'contracts.0.modes.0'],
	'REAL_RUN beside another mode': [
		{ contracts: [{ ...CONTRACT, modes: ['DRY_RUN', 'REAL_RUN'] }] },
		'contracts.0.modes.1',
	],
	'REAL_RUN nested': [{ contracts: [{ ...CONTRACT, modes: [['REAL_RUN']] }] }, 'contracts.0.modes.0'],
	'REAL_RUN in lower case': [{ contracts: [{ ...CONTRACT, modes: ['real_run'] }] }, 'contracts.0.modes.0'],
	'no mode': [{ contracts: [{ ...CONTRACT, modes: [] }] }, 'contracts.0.modes'],
	'side effects': [{ contracts: [{ ...CONTRACT, side_effects: 'some' }] }, 'contracts.0.side_effects'],
	'a contract for nobody’s tool': [{ tools: [] }, 'contracts.0.tool'],
	'two contracts for one tool': [{ contracts: [CONTRACT, CONTRACT] }, 'contracts.1.tool'],
	'a tool declared twice': [{ tools: [TOOL, TOOL] }, 'tools.1.code'],
	'a tool code in lower case': [{ tools: [TOOL, { ...TOOL, code: 'dot_y' }] }, 'tools.1.code'],
	'a tool code with a quote': [{ tools: [TOOL, { ...TOOL, code: `DOT_Y'` }] }, 'tools.1.code'],
	'an executor that is not declared': [{ contracts: [{ ...CONTRACT, executor: 'x' }] }, 'contracts.0.executor'],
	'an executor every object has': [{ contracts: [{ ...CONTRACT, executor: 'constructor' }] }, 'contracts.0.executor'],
	'an executor without a URL': [{ executors: { e: { url: 'somewhere' } } }, 'executors.e.url'],
	'an allowlist entry for a governed collection': [
		{ collections: { articles: {} }, write_allowlist: [{ collection: 'articles', actions: ['create'] }] },
		'write_allowlist.0.collection',
	],
	'an allowlist entry for the registry': [
		{ write_allowlist: [{ collection: 'dot_tools', actions: ['update'] }] },
		'write_allowlist.0.collection',
	],
	'an allowlist entry for an evidence ledger that is not shown': [
		{ expose: [], write_allowlist: [{ collection: 'governance_evidence', actions: ['delete'] }] },
		'write_allowlist.0.collection',
	],
	'an allowlist action that does not exist': [
		{ write_allowlist: [{ collection: 'notes', actions: ['truncate'] }] },
		'write_allowlist.0.actions.0',
	],
	'a table of Directus': [{ collections: { directus_users: {} } }, 'collections.directus_users'],
	'a table of the product': [{ collections: { dot_tools: {} } }, 'collections.dot_tools'],
	'a name that is a statement': [{ collections: { 'x"; drop table y; --': {} } }, 'collections.x"; drop table y; --'],
	'a name longer than PostgreSQL keeps': [{ collections: { ['a'.repeat(64)]: {} } }, `collections.${'a'.repeat(64)}`],
	'an unknown option of a collection': [{ collections: { articles: { steward: true } } }, 'collections.articles'],
	'a role that is a statement': [{ directus_role: 'x; drop role y' }, 'directus_role'],
	'a role of the product as Directus’s': [{ directus_role: 'governance_writer' }, 'directus_role'],
	'a table shown that is not ours': [{ expose: ['policy'] }, 'expose.0'],
	'a table shown twice': [{ expose: ['dot_tools', 'dot_tools'] }, 'expose.1'],
	'a table registered twice': [
		{ tables: [1, 2].map(() => ({ table: 'public.x', class: 'governed', purpose: 'p' })) },
		'tables.1.table',
	],
	'a table without its schema': [{ tables: [{ table: 'x', class: 'governed', purpose: 'p' }] }, 'tables.0.table'],
	'an unknown field': [{ grants: [] }, ''],
	'no environment': [{ environment: '' }, 'environment'],
	'a surface that does not exist': [{ agents: { roles: [], users: [], surfaces: ['rest'] } }, 'agents.surfaces.0'],
};

describe('the declaration in directus.config.ts', () => {
	test.each(Object.entries(GOOD))('accepts %s', (_, change) => {
		const result = governanceConfigSchema.safeParse({ ...BASE, ...change });
		expect(result.error?.issues).toBeUndefined();
	});

	test.each(Object.entries(BAD))('refuses %s', (_, [change, path]) => {
		const result = governanceConfigSchema.safeParse({ ...BASE, ...change });
		expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
	});

	test('reports every fault at once, each with its path', () => {
		const result = governanceConfigSchema.safeParse({
			...BASE,
			collections: { directus_users: {}, dot_tools: {} },
			contracts: [CONTRACT, { ...CONTRACT, tool: 'DOT_Y', executor: 'x' }],
			directus_role: 'governance_owner',
		});
		expect(result.error?.issues.map((issue) => issue.path.join('.')).sort()).toEqual([
			'collections.directus_users',
			'collections.dot_tools',
			'contracts.1.executor',
			'contracts.1.tool',
			'directus_role',
		]);
	});
});

describe('the state it asks for', () => {
	const state = (change: Record<string, unknown> = {}) =>
		desiredState(governanceConfigSchema.parse({ ...BASE, ...change }));

	test('is the same for the same declaration, in whatever order its keys stand', () => {
		const shuffled = Object.fromEntries(Object.entries({ ...BASE, collections: { b: {}, a: {} } }).reverse());
		expect(desiredState(governanceConfigSchema.parse(shuffled))).toEqual(state({ collections: { a: {}, b: {} } }));
	});

	test('a contract’s digest changes with anything in it', () => {
		const digest = (change: object) => state({ contracts: [{ ...CONTRACT, ...change }] }).policy.contracts['DOT_X'];
		const digests = [
			{},
			{ version: '2' },
			{ path: '/x' },
			{ input_schema: { type: 'object' } },
			{ rate_per_minute: 1 },
		].map(digest);
		expect(new Set(digests).size).toBe(digests.length);
	});

	test('governs every table of the product in public, whatever is exposed', () => {
		expect(state({ expose: [], collections: { articles: {} } }).policy.governed).toEqual([
			{ collection: 'dot_tools', class: 'registry', stewards: [] },
			{ collection: 'dot_agent_api_contract', class: 'registry', stewards: [] },
			{ collection: 'table_registry', class: 'registry', stewards: [] },
			{ collection: 'governance_gates', class: 'registry', stewards: [] },
			{ collection: 'governance_canonical_operation_vocab', class: 'registry', stewards: [] },
			{ collection: 'governance_grants', class: 'registry', stewards: [] },
			{ collection: 'governance_evidence', class: 'ledger', stewards: [] },
			{ collection: 'governance_reviews', class: 'ledger', stewards: [] },
			{ collection: 'articles', class: 'governed', stewards: [] },
		]);
	});

	test('stores gates that cannot be open', () => {
		expect(state({ gates: { dispatch_enabled: false } }).registry.governance_gates).toEqual([
			{ id: 1, dispatch_enabled: false, dry_run_only: true, execute_enabled: false, real_run_enabled: false },
		]);
	});
});
