import {
	correlationIdSchema,
	type DispatchRequest,
	dispatchModeSchema,
	dispatchRequestSchema,
	toolNameSchema,
} from '../../contracts/dispatch.ts';
import { faultsOf } from '../../contracts/faults.ts';
import type { DecisionCheck } from '../../core/dispatch-facts.ts';
import { withoutProofWords } from '../../core/dispatch-texts.ts';
import type { DispatchReason } from '../../core/reasons.ts';

/** What of a body may be repeated in an answer: only what is well-formed in itself. */
export interface Subject {
	tool: string | null;
	mode: string | null;
	correlation_id: string | null;
}

export type RequestReading =
	| { kind: 'well_formed'; request: DispatchRequest }
	| { kind: 'malformed'; reason: DispatchReason; checks: DecisionCheck[] };

/** Deeper input than any contract describes; recursion in a schema must not be driven by a caller. */
const MOST_LEVELS = 32;
const MOST_FAULTS = 20;
const LONE_SURROGATE = /\p{Cs}/u;

/** True for exactly `"mode": "REAL_RUN"`, whatever else the body holds. Any other spelling is no mode at all. */
export function asksForRealRun(body: unknown): boolean {
	return isRecord(body) && Object.hasOwn(body, 'mode') && body.mode === 'REAL_RUN';
}

export function subjectOf(body: unknown): Subject {
	const fields = isRecord(body) ? body : {};
	return {
		tool: toolNameSchema.safeParse(fields.tool).data ?? null,
		mode: dispatchModeSchema.safeParse(fields.mode).data ?? null,
		correlation_id: correlationIdSchema.safeParse(fields.correlation_id).data ?? null,
	};
}

/** Reads a body that is already JSON; every fault is named, by field and rule, never by value. */
export function readRequest(body: unknown): RequestReading {
	const unsafe = unsafeStructure(body);
	if (unsafe !== null) return malformed('INVALID_REQUEST', [unsafe]);
	const parsed = dispatchRequestSchema.safeParse(body);
	if (parsed.success) return { kind: 'well_formed', request: parsed.data };

	const fields = new Set(parsed.error.issues.map(({ path }) => path[0]));
	return malformed(reasonFor(fields), faultsOf(parsed.error));
}

/** A mode or correlation id at fault is named by its own reason, unless the request is broken elsewhere too. */
function reasonFor(fields: ReadonlySet<PropertyKey | undefined>): DispatchReason {
	const onlyThese = [...fields].every((field) => field === 'mode' || field === 'correlation_id');
	if (!onlyThese) return 'INVALID_REQUEST';
	return fields.has('mode') ? 'INVALID_MODE' : 'INVALID_CORRELATION_ID';
}

function malformed(reason: DispatchReason, faults: readonly string[]): RequestReading {
	const checks = faults
		.slice(0, MOST_FAULTS)
		.map((fault) => ({ name: 'request', result: 'failed' as const, detail: withoutProofWords(fault) }));
	return { kind: 'malformed', reason, checks };
}

/** What JSON allows and neither a schema nor canonical JSON can be trusted with. Iterative: depth is the attack. */
function unsafeStructure(body: unknown): string | null {
	const open: { value: unknown; level: number }[] = [{ value: body, level: 0 }];
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		const { value, level } = next;
		if (typeof value === 'string' && LONE_SURROGATE.test(value)) return 'body: text that is not Unicode';
		if (typeof value === 'number' && !Number.isFinite(value)) return 'body: a number out of range';
		if (typeof value !== 'object' || value === null) continue;
		if (level >= MOST_LEVELS) return `body: nested deeper than ${MOST_LEVELS} levels`;
		for (const key of Object.keys(value)) {
			if (key === '__proto__') return 'body: a field named __proto__';
			if (LONE_SURROGATE.test(key)) return 'body: text that is not Unicode';
			open.push({ value: (value as Record<string, unknown>)[key], level: level + 1 });
		}
	}
	return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
