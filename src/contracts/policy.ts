import { z } from 'zod';
import { grantKeySchema } from './grant.ts';

/** The four posture switches. `execute_enabled` and `real_run_enabled` can only be false: REAL_RUN does not exist. */
export const gatesSchema = z.strictObject({
	dispatch_enabled: z.boolean(),
	dry_run_only: z.literal(true),
	execute_enabled: z.literal(false),
	real_run_enabled: z.literal(false),
});

export type Gates = z.infer<typeof gatesSchema>;

export const writeActionSchema = z.enum(['create', 'update', 'delete']);

/** Who counts as an agent. Everything arriving over a listed surface is an agent, whatever its credentials. */
export const agentPrincipalsSchema = z.strictObject({
	roles: z.array(z.string().min(1)).describe('Ids of Directus roles; a role inherited counts.'),
	users: z.array(z.string().min(1)).describe('Ids of Directus users.'),
	surfaces: z
		.array(z.enum(['mcp', 'ai']))
		.describe('Everything that arrives there is an agent, whatever its credentials.'),
});

/** One lawful write of agent principals to an ungoverned collection. `fields` absent: any field. */
export const writeAllowanceSchema = z.strictObject({
	collection: z.string().min(1).describe('An ungoverned collection.'),
	actions: z.array(writeActionSchema).min(1).describe('What agents may do there.'),
	fields: z.array(z.string().min(1)).min(1).optional().describe('Absent: any field.'),
});

/**
 * People who may write some fields of one governed collection through ordinary Directus use. One listed mark (role, Directus
 * policy, user) is enough. Agents never are stewards, whatever is listed. `fields: '*'` is every field.
 */
export const stewardRuleSchema = z.strictObject({
	name: z
		.string()
		.regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be lower case letters, digits, - and _, like price-editors')
		.describe('Name of the rule, as refusals and evidence cite it.'),
	roles: z.array(z.string().min(1)).default([]).describe('Ids of Directus roles; a role inherited counts.'),
	policies: z.array(z.string().min(1)).default([]).describe('Ids of Directus access policies.'),
	users: z.array(z.string().min(1)).default([]).describe('Ids of Directus users.'),
	actions: z.array(writeActionSchema).min(1).describe('What they may do.'),
	fields: z
		.union([z.literal('*'), z.array(z.string().min(1)).min(1)])
		.describe('The fields they may set; `"*"` is every field.'),
});

export type StewardRule = z.output<typeof stewardRuleSchema>;

const governedCollectionSchema = z.strictObject({
	collection: z.string().min(1),
	class: z.enum(['governed', 'registry', 'ledger']),
	stewards: z.array(stewardRuleSchema),
});

/**
 * What flows may consist of beside this product's own operations. `report` blocks nothing and lists everything; `helpers` are
 * operation types that only read.
 */
export const flowPolicySchema = z.strictObject({
	mode: z.enum(['enforce', 'report']),
	helpers: z.array(z.string().min(1)),
});

export const executorEndpointSchema = z.strictObject({ url: z.url().describe('Its base URL.') });

/** Who may dispatch: `'*'` is every authenticated caller. Ids are Directus role and user ids. */
export const callersSchema = z.union([
	z.literal('*'),
	z.strictObject({
		roles: z.array(z.string()).describe('Ids of Directus roles; one listed mark is enough.'),
		users: z.array(z.string()).describe('Ids of Directus users.'),
		surfaces: z.array(z.enum(['mcp', 'rest'])).describe('Everybody who comes that way.'),
	}),
]);

/**
 * What the registrar applied and signed. The bundle trusts nothing else: gates and contracts read from tables must
 * equal what stands here (`contracts` maps tool code to the contract's digest, `sha256:` + 64 hex).
 */
export const policyDocumentSchema = z.strictObject({
	v: z.literal(1),
	generation: z.int().positive(),
	instance: z.strictObject({ id: z.uuid(), environment: z.string().min(1) }),
	directus_role: z.string().min(1),
	/** Present where governed content tables stay Directus's role's own; absent, they are held apart from it. */
	strength: z.literal('single-role').optional(),
	governed: z.array(governedCollectionSchema),
	agents: agentPrincipalsSchema,
	write_allowlist: z.array(writeAllowanceSchema),
	flows: flowPolicySchema,
	gates: gatesSchema,
	contracts: z.record(z.string(), z.string()),
	executors: z.record(z.string(), executorEndpointSchema),
	/** Public keys that sign grants, newest first. Rotation keeps the old one here as long as its grants shall work. */
	grant_keys: z.array(grantKeySchema),
	/** Lane name to the tool that builds it. A lane may name a tool before the operator registers it. */
	lanes: z.record(z.string(), z.strictObject({ tool: z.string(), builds: z.string() })),
	visibility: z.strictObject({
		posture: z.enum(['admin', 'authenticated']),
		evidence: z.enum(['admin', 'authenticated']),
	}),
	/** Digest of the rows in Directus's tables that describe each governed collection, as they were when this was signed. */
	described: z.record(z.string(), z.string()),
	config_digest: z.string(),
});

export type PolicyDocument = z.infer<typeof policyDocumentSchema>;
