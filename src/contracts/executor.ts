import { z } from 'zod';

/** `GET /capabilities` of an executor. Source: DESIGN.md §6. */
export const capabilitiesSchema = z.strictObject({
	executor: z.string().min(1),
	version: z.string().min(1),
	tools: z.array(
		z.strictObject({
			code: z.string().min(1),
			version: z.string().min(1),
			side_effects: z.literal('none'),
			input_schema: z.record(z.string(), z.json()),
		}),
	),
});

export type Capabilities = z.infer<typeof capabilitiesSchema>;

/** Answer of `POST /dot/:code/dry-run`. `digest` is `sha256:` + hex over the RFC 8785 bytes of `result`. */
export const dryRunResponseSchema = z.strictObject({
	result: z.json(),
	digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
	read_only: z.strictObject({ transaction_read_only: z.literal('on'), snapshot: z.string() }),
});

export type DryRunResponse = z.infer<typeof dryRunResponseSchema>;

/** Body of `POST /dot/:code/dry-run`. */
export const dryRunRequestSchema = z.strictObject({
	correlation_id: z.string().min(1).max(128),
	input: z.record(z.string(), z.json()).default({}),
});
