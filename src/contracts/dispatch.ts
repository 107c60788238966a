import { z } from 'zod';
import type { DispatchReason } from '../core/reasons.ts';
import type { Gates } from './policy.ts';

const dispatchModes = ['PLAN_ONLY', 'DRY_RUN', 'REAL_RUN'] as const;
export const dispatchModeSchema = z.enum(dispatchModes, { error: 'must be PLAN_ONLY or DRY_RUN' });
export type DispatchMode = z.infer<typeof dispatchModeSchema>;

/** 1 to 128 characters that survive logs, URLs and shells unquoted. */
export const correlationIdSchema = z
	.string()
	.regex(
		/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
		'must be 1 to 128 letters, digits, dots, underscores, colons or hyphens',
	);

/** 1 to 128 visible characters. Wider than a tool's code: an unknown name is answered as unknown, not as malformed. */
export const toolNameSchema = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'must be 1 to 128 visible characters');

/** The body of `POST /governance/dispatch`; unknown fields are refused. */
export const dispatchRequestSchema = z.strictObject({
	tool: toolNameSchema,
	mode: dispatchModeSchema,
	correlation_id: correlationIdSchema,
	input: z.record(z.string(), z.json()).optional(),
	grant: z.string().min(1).max(8192).optional(),
});

export type DispatchRequest = z.infer<typeof dispatchRequestSchema>;

/** One check of the decision, in the order it ran. Results avoid the word a refusal must never carry (DESIGN.md §3, 9). */
export interface DispatchCheck {
	name: string;
	result: 'ok' | 'failed' | 'skipped';
	detail: string;
}

export interface EvidenceReference {
	id: string;
}

/** `data` of an accepted PLAN_ONLY dispatch. */
export interface DispatchAccepted {
	outcome: 'PLANNED';
	tool: string;
	mode: DispatchMode;
	correlation_id: string;
	validated: true;
	endpoint_present: true;
	true_dry_run_possible: true;
	gates: Gates;
	contract: { version: string; digest: string };
	checks: DispatchCheck[];
	evidence: EvidenceReference;
	plan: DispatchPlan;
}

/** What a dry run of this request would do, computed without running it. */
export interface DispatchPlan {
	executor: string;
	path: string;
	side_effects: 'none';
	input_digest: string;
	steps: string[];
}

/** `errors[].extensions` of a refused dispatch; `tool`, `mode` and `correlation_id` are null where the body had none usable. */
export interface DispatchRefusal {
	code: 'DISPATCH_REFUSED';
	reason: DispatchReason;
	tool: string | null;
	mode: string | null;
	correlation_id: string | null;
	checks: DispatchCheck[];
	evidence: EvidenceReference | null;
	next: string;
}
