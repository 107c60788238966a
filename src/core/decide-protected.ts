import {
	decideInPosture,
	type PolicyIndex,
	type WriteDecision,
	type WritePosture,
	type WriteRequest,
} from './decide-write.ts';
import { type FlowChange, faultOfChange } from './flow-shape.ts';
import { describeFault } from './flow-texts.ts';
import { AUDITED_COLLECTIONS } from './governed-tables.ts';

const AUDITED: ReadonlySet<string> = new Set(AUDITED_COLLECTIONS);

/**
 * Flows take the shapes of DESIGN.md §8, whoever saves them. Who may not write flows at all is told that first; while the
 * instance holds, the shapes last known to be lawful still bind what may be written then.
 */
export function decideFlow(
	posture: WritePosture,
	request: WriteRequest,
	changes: readonly FlowChange[],
): WriteDecision {
	const general = decideInPosture(posture, request);
	const index = lastIndex(posture);
	if (general.kind === 'refused' || index === null) return general;

	for (const change of changes) {
		const shape = faultOfChange(index.flows, change);
		if (shape === null) continue;
		return {
			kind: 'refused',
			code: 'FLOW_NOT_ALLOWED',
			reason: 'FLOW_SHAPE_NOT_ALLOWED',
			rule: `flows:${shape.fault}`,
			detail: describeFault(shape),
		};
	}
	return general;
}

/**
 * What Directus wrote down about a governed collection, or about what decides over one, is neither changed nor deleted.
 * `collections` are those the touched entries tell of.
 */
export function decideAudit(
	posture: WritePosture,
	request: WriteRequest,
	collections: readonly string[],
): WriteDecision {
	const index = lastIndex(posture);
	const kept = index && collections.find((name) => isAudited(index, name));
	if (!kept) return decideInPosture(posture, request);
	return {
		kind: 'refused',
		code: 'GOVERNED_STRUCTURE_LOCKED',
		reason: 'AUDIT_TRAIL_LOCKED',
		rule: `audit:${kept}`,
		detail: `the audit trail of ${kept} is locked`,
	};
}

/** Whether entries of Directus's audit trail about this collection are kept. */
export function isAudited(index: PolicyIndex, collection: string): boolean {
	return index.governed.has(collection) || AUDITED.has(collection);
}

function lastIndex(posture: WritePosture): PolicyIndex | null {
	if (posture.kind === 'active') return posture.index;
	return posture.kind === 'hold' ? posture.known : null;
}
