import { z } from 'zod';
import {
	agentPrincipalsSchema,
	callersSchema,
	executorEndpointSchema,
	flowPolicySchema,
	stewardRuleSchema,
	writeAllowanceSchema,
} from '../contracts/policy.ts';
import { stewardFaults } from './steward-faults.ts';

const identifier = z
	.string()
	.regex(
		/^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
		'must be a PostgreSQL identifier of at most 63 letters, digits and underscores',
	);

const toolCode = z
	.string()
	.regex(/^[A-Z][A-Z0-9_]{1,127}$/, 'must be upper case letters, digits and underscores, like DOT_KG_EXPLAIN');

const neverOpen = (name: string) =>
	z.literal(false, {
		error: `${name} cannot be opened: a real run does not exist in this product, so nothing could run behind this switch`,
	});

const gates = z.strictObject({
	dispatch_enabled: z.boolean().default(true),
	dry_run_only: z.literal(true).default(true),
	execute_enabled: neverOpen('execute_enabled').default(false),
	real_run_enabled: neverOpen('real_run_enabled').default(false),
});

const tool = z.strictObject({
	code: toolCode,
	title: z.string().min(1),
	verb: z.string().min(1),
	object: z.string().min(1),
	description: z.string().min(1),
	version: z.string().min(1).default('1.0.0'),
	path: z.string().min(1),
	channel: z.enum(['on-deploy', 'dispatch']).default('on-deploy'),
	status: z.enum(['registered', 'retired']).default('registered'),
});

const mode = z.enum(['PLAN_ONLY', 'DRY_RUN'], {
	error: 'must be PLAN_ONLY or DRY_RUN; REAL_RUN is never part of a contract',
});

const jsonSchema = z.record(z.string(), z.json());

const contract = z.strictObject({
	tool: toolCode,
	version: z.string().min(1),
	executor: z.string().min(1),
	path: z.string().startsWith('/'),
	modes: z.array(mode).min(1),
	side_effects: z.literal('none', { error: 'must be "none": a tool with side effects cannot be dispatched' }),
	input_schema: jsonSchema,
	output_schema: jsonSchema,
	callers: callersSchema.default('*'),
	rate_per_minute: z.int().positive().default(600),
	max_input_bytes: z.int().positive().max(1_048_576).default(16_384),
});

const registeredTable = z.strictObject({
	table: z.string().regex(/^[a-z_]+\.[A-Za-z0-9_]+$/, 'must be schema-qualified, like public.dot_tools'),
	class: z.enum(['governed', 'registry', 'ledger', 'internal', 'metadata']),
	purpose: z.string().min(1),
});

const lane = z.strictObject({ tool: toolCode, builds: identifier });

const visibility = z.enum(['admin', 'authenticated']);

/** Collections Directus may show although they are registry tables; see DESIGN.md §4. */
const exposable = z.enum([
	'dot_tools',
	'dot_agent_api_contract',
	'table_registry',
	'governance_gates',
	'governance_canonical_operation_vocab',
	'governance_grants',
	'governance_evidence',
	'governance_reviews',
]);

/** Operations of Directus that neither write nor send anything anywhere. */
const READ_ONLY_HELPERS = ['condition', 'item-read', 'json-web-token', 'log', 'sleep', 'throw-error', 'transform'];

const flows = z.strictObject({
	mode: flowPolicySchema.shape.mode.default('enforce'),
	helpers: flowPolicySchema.shape.helpers.default(READ_ONLY_HELPERS),
});

/** The declaration in `directus.config.ts`. Unknown fields are refused; every fault is reported with its path. */
export const governanceConfigSchema = z
	.strictObject({
		environment: z.string().min(1),
		directus_role: identifier.default('directus'),
		// How content tables are held: apart from Directus's role, or by it, where a managed database leaves no choice.
		strength: z.enum(['separated', 'single-role']).default('separated'),
		collections: z.record(identifier, z.strictObject({ stewards: z.array(stewardRuleSchema).default([]) })).default({}),
		agents: agentPrincipalsSchema.default({ roles: [], users: [], surfaces: ['mcp', 'ai'] }),
		write_allowlist: z.array(writeAllowanceSchema).default([]),
		flows: flows.default({ mode: 'enforce', helpers: READ_ONLY_HELPERS }),
		gates: gates.default({
			dispatch_enabled: true,
			dry_run_only: true,
			execute_enabled: false,
			real_run_enabled: false,
		}),
		executors: z.record(z.string(), executorEndpointSchema).default({}),
		tools: z.array(tool).default([]),
		contracts: z.array(contract).default([]),
		tables: z.array(registeredTable).default([]),
		lanes: z.record(z.string().regex(/^[A-Z0-9]+$/), lane).default({}),
		expose: z.array(exposable).default(['dot_tools', 'dot_agent_api_contract', 'governance_canonical_operation_vocab']),
		visibility: z
			.strictObject({ posture: visibility.default('authenticated'), evidence: visibility.default('admin') })
			.default({ posture: 'authenticated', evidence: 'admin' }),
	})
	.superRefine((config, context) => {
		const fault = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
		const tools = new Set<string>();
		config.tools.forEach(({ code }, index) => {
			if (tools.has(code)) fault(['tools', index, 'code'], `${code} is declared twice`);
			tools.add(code);
		});
		const contracted = new Set<string>();
		config.contracts.forEach((entry, index) => {
			if (contracted.has(entry.tool)) fault(['contracts', index, 'tool'], `${entry.tool} has two contracts`);
			contracted.add(entry.tool);
			if (!tools.has(entry.tool)) fault(['contracts', index, 'tool'], `${entry.tool} is not among the tools`);
			if (!Object.hasOwn(config.executors, entry.executor)) {
				fault(['contracts', index, 'executor'], `${entry.executor} is not among the executors`);
			}
		});
		config.write_allowlist.forEach(({ collection }, index) => {
			if (Object.hasOwn(config.collections, collection) || exposable.safeParse(collection).success) {
				fault(['write_allowlist', index, 'collection'], `${collection} is governed: no allowlist can open it`);
			}
		});
		for (const collection of Object.keys(config.collections)) {
			if (collection.startsWith('directus_')) {
				fault(
					['collections', collection],
					'tables of Directus itself cannot be governed: moving them breaks its migrations',
				);
			}
		}
		for (const collection of Object.keys(config.collections)) {
			if (exposable.safeParse(collection).success) {
				fault(['collections', collection], `${collection} is a table of the product and governed in every instance`);
			}
		}
		for (const [collection, { stewards }] of Object.entries(config.collections)) {
			for (const { path, message } of stewardFaults(stewards, config.agents)) {
				fault(['collections', collection, 'stewards', ...path], message);
			}
		}
		if (/^governance_(owner|writer|reader)$/.test(config.directus_role)) {
			fault(
				['directus_role'],
				`${config.directus_role} is a role of the product: name the login Directus connects with`,
			);
		}
		config.expose.forEach((name, index) => {
			if (config.expose.indexOf(name) !== index) fault(['expose', index], `${name} is named twice`);
		});
		const tables = new Set<string>();
		config.tables.forEach(({ table }, index) => {
			if (tables.has(table)) fault(['tables', index, 'table'], `${table} is registered twice`);
			tables.add(table);
		});
	});

/** The declaration with every default filled in. */
export type GovernanceConfig = z.output<typeof governanceConfigSchema>;

/** The declaration as an operator writes it. */
export type GovernanceDeclaration = z.input<typeof governanceConfigSchema>;
