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
	dispatch_enabled: z
		.boolean()
		.default(true)
		.describe('Whether dispatches are accepted. Opening it again is a loosening.'),
	dry_run_only: z.literal(true).default(true).describe('Always true: nothing but dry runs exists.'),
	execute_enabled: neverOpen('execute_enabled').default(false).describe('Cannot be opened.'),
	real_run_enabled: neverOpen('real_run_enabled').default(false).describe('Cannot be opened.'),
});

const tool = z.strictObject({
	code: toolCode.describe('Name of the tool, once in the list.'),
	title: z.string().min(1).describe('For people.'),
	verb: z.string().min(1).describe('What it does.'),
	object: z.string().min(1).describe('What it does it to.'),
	description: z.string().min(1).describe('One or two sentences.'),
	version: z.string().min(1).default('1.0.0').describe('Of the tool itself.'),
	path: z.string().min(1).describe('Where it lives: a command, a script, an executor path.'),
	channel: z
		.enum(['on-deploy', 'dispatch'])
		.default('on-deploy')
		.describe('`dispatch`: may have a contract. `on-deploy`: runs from a shell only.'),
	status: z.enum(['registered', 'retired']).default('registered').describe('A retired tool is not dispatched.'),
});

const mode = z.enum(['PLAN_ONLY', 'DRY_RUN'], {
	error: 'must be PLAN_ONLY or DRY_RUN; REAL_RUN is never part of a contract',
});

const jsonSchema = z.record(z.string(), z.json());

const contract = z.strictObject({
	tool: toolCode.describe('Code of a declared tool; one contract each.'),
	version: z.string().min(1).describe('Of the contract; shown with every accepted dispatch.'),
	executor: z.string().min(1).describe('Name of a declared executor.'),
	path: z.string().startsWith('/').describe('Path at that executor.'),
	modes: z.array(mode).min(1).describe('What may be asked for.'),
	side_effects: z
		.literal('none', { error: 'must be "none": a tool with side effects cannot be dispatched' })
		.describe('Always `none`.'),
	input_schema: jsonSchema.describe('JSON Schema 2020-12 of the input; other input is refused.'),
	output_schema: jsonSchema.describe('JSON Schema 2020-12 of the result.'),
	callers: callersSchema.default('*').describe('Who may dispatch it: every authenticated caller, or the listed ones.'),
	rate_per_minute: z.int().positive().default(600).describe('Dispatches per caller and minute.'),
	max_input_bytes: z.int().positive().max(1_048_576).default(16_384).describe('Largest input, as JSON.'),
});

const registeredTable = z.strictObject({
	table: z
		.string()
		.regex(/^[a-z_]+\.[A-Za-z0-9_]+$/, 'must be schema-qualified, like public.dot_tools')
		.describe('Schema and name.'),
	class: z.enum(['governed', 'registry', 'ledger', 'internal', 'metadata']).describe('What kind of table it is.'),
	purpose: z.string().min(1).describe('What it is for, in a sentence.'),
});

const lane = z.strictObject({
	tool: toolCode.describe('The tool that reaches the goal; it may be registered later.'),
	builds: identifier.describe('The table it builds.'),
});

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
	mode: flowPolicySchema.shape.mode
		.default('enforce')
		.describe('`enforce` refuses flows of other shapes; `report` blocks nothing and lists everything.'),
	helpers: flowPolicySchema.shape.helpers
		.default(READ_ONLY_HELPERS)
		.describe('Operation types a flow may use beside this product’s own. Adding one is a loosening.'),
});

/** The declaration in `directus.config.ts`. Unknown fields are refused; every fault is reported with its path. */
export const governanceConfigSchema = z
	.strictObject({
		environment: z
			.string()
			.min(1)
			.describe(
				'Name of this environment, such as `production`. Evidence and grants carry it; a demo’s opens nothing here.',
			),
		directus_role: identifier.default('directus').describe('The PostgreSQL role Directus connects with (`DB_USER`).'),
		strength: z
			.enum(['separated', 'single-role'])
			.default('separated')
			.describe(
				'`single-role` leaves governed tables with Directus’s role, where a managed database leaves no choice.',
			),
		collections: z
			.record(
				identifier,
				z.strictObject({
					stewards: z
						.array(stewardRuleSchema)
						.default([])
						.describe('People who may write some fields through ordinary Directus use.'),
				}),
			)
			.default({})
			.describe('Content collections to govern, by name. `{}` lets nobody write.'),
		agents: agentPrincipalsSchema
			.default({ roles: [], users: [], surfaces: ['mcp', 'ai'] })
			.describe('Who counts as an agent. Agents write nothing that the allowlist does not name.'),
		write_allowlist: z
			.array(writeAllowanceSchema)
			.default([])
			.describe('What agents may write in ungoverned collections. Never a governed one.'),
		flows: flows
			.default({ mode: 'enforce', helpers: READ_ONLY_HELPERS })
			.describe('What Directus flows may consist of.'),
		gates: gates
			.default({
				dispatch_enabled: true,
				dry_run_only: true,
				execute_enabled: false,
				real_run_enabled: false,
			})
			.describe('The posture switches.'),
		executors: z.record(z.string(), executorEndpointSchema).default({}).describe('Executors by name.'),
		tools: z.array(tool).default([]).describe('Registered operation tools (`dot_tools`).'),
		contracts: z.array(contract).default([]).describe('What may be dispatched, where, how (`dot_agent_api_contract`).'),
		tables: z.array(registeredTable).default([]).describe('Tables worth knowing about (`table_registry`).'),
		lanes: z
			.record(z.string().regex(/^[A-Z0-9]+$/), lane)
			.default({})
			.describe('Named goals, such as `C1`.'),
		expose: z
			.array(exposable)
			.default(['dot_tools', 'dot_agent_api_contract', 'governance_canonical_operation_vocab'])
			.describe(
				'Registry tables Directus shows as read-only collections; each takes one of the licence’s collections.',
			),
		visibility: z
			.strictObject({
				posture: visibility
					.default('authenticated')
					.describe('`GET /governance/posture`, and `explain` about oneself.'),
				evidence: visibility.default('admin').describe('`GET /governance/evidence`.'),
			})
			.default({ posture: 'authenticated', evidence: 'admin' })
			.describe('Who may read posture and evidence.'),
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
