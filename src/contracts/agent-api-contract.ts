import { z } from 'zod';
import { callersSchema } from './policy.ts';

/** One row of `dot_agent_api_contract` without its digest: exactly what the digest in the signed policy covers. */
export const agentApiContractSchema = z.strictObject({
	tool: z.string(),
	version: z.string(),
	executor: z.string(),
	path: z.string(),
	modes: z.array(z.string()),
	side_effects: z.string(),
	input_schema: z.record(z.string(), z.json()),
	output_schema: z.record(z.string(), z.json()),
	callers: callersSchema,
	rate_per_minute: z.int().positive(),
	max_input_bytes: z.int().positive(),
});

export type AgentApiContract = z.infer<typeof agentApiContractSchema>;
