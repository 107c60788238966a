import { nextStepForWrite } from '../../core/next-step.ts';
import type { WriteReason, WriteRefusalCode } from '../../core/reasons.ts';

/** A refused write as every surface tells it. `evidence` is null only where the evidence could not be written. */
export interface WriteRefusal {
	code: WriteRefusalCode;
	reason: WriteReason;
	collection: string;
	action: string;
	rule: string;
	/** One clause that says more than the code: which operation of a flow is at fault, and why. */
	detail?: string;
	evidence: { id: string } | null;
	next: string;
}

export type RefusalFacts = Omit<WriteRefusal, 'evidence' | 'next'>;

/** Completes `facts` once the entry `evidenceId` is durable. */
export function recordedRefusal(facts: RefusalFacts, evidenceId: string): WriteRefusal {
	return { ...facts, evidence: { id: evidenceId }, next: nextStepForWrite(facts.reason) };
}

/** The same write, refused for want of evidence: a refusal that left no trace says so. */
export function unrecordedRefusal({ collection, action, rule }: RefusalFacts): WriteRefusal {
	const reason = 'EVIDENCE_NOT_WRITTEN';
	return { code: 'GOVERNANCE_HOLD', reason, collection, action, rule, evidence: null, next: nextStepForWrite(reason) };
}

/** MCP and WebSocket carry only code and message, so the message ends with everything else. Source: DESIGN.md §5. */
export function refusalMessage(refusal: WriteRefusal): string {
	const { collection, action, reason, evidence, next } = refusal;
	return `[DENIED] ${collection}.${action}: ${explanation(refusal)} (${reason}; evidence ${evidence?.id ?? 'none'}; next: ${next})`;
}

function explanation({ code, detail }: WriteRefusal): string {
	if (detail !== undefined) return detail;
	switch (code) {
		case 'GOVERNED_WRITE_DENIED':
			return 'not in write allowlist';
		case 'GOVERNED_STRUCTURE_LOCKED':
			return 'structure is locked';
		case 'FLOW_NOT_ALLOWED':
			return 'flow is not allowed';
		case 'GOVERNANCE_HOLD':
			return 'governance is on hold';
		default:
			return code satisfies never;
	}
}
