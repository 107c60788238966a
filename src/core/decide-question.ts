import { decideAudit, decideFlow } from './decide-protected.ts';
import {
	decideBundle,
	decideInPosture,
	decideStructure,
	type PolicyIndex,
	type WriteDecision,
	type WritePosture,
	type WriteRequest,
} from './decide-write.ts';
import type { FlowChange } from './flow-shape.ts';
import { type AgentIndex, classifyPrincipal, type PrincipalFacts, type WritePrincipal } from './principal.ts';

const NOBODY: AgentIndex = { roles: new Set(), users: new Set(), surfaces: new Set() };

/** What a write is about beyond its own table: the shape of collections, the rows that load this bundle, flows, the audit trail. */
export type WriteSubject =
	| { kind: 'structure'; collections: readonly string[] }
	| { kind: 'bundle' }
	| { kind: 'flow'; changes: readonly FlowChange[] }
	| { kind: 'audit'; collections: readonly string[] };

/** One write somebody wants. */
export interface WriteQuestion extends Omit<WriteRequest, 'principal'> {
	about?: WriteSubject;
}

/** The one way from a question to a decision: what is asked before a write and what is asked about one end here. */
export function decideQuestion(
	posture: WritePosture,
	question: WriteQuestion,
	principal: WritePrincipal,
): WriteDecision {
	const request = { ...question, principal };
	if (!question.about) return decideInPosture(posture, request);
	switch (question.about.kind) {
		case 'bundle':
			return decideBundle(posture, request);
		case 'structure':
			return decideStructure(posture, request, question.about.collections);
		case 'flow':
			return decideFlow(posture, request, question.about.changes);
		case 'audit':
			return decideAudit(posture, request, question.about.collections);
		default:
			return question.about satisfies never;
	}
}

/** The policy that is known to have been lawful, also while the instance holds. */
export function knownIndex(posture: WritePosture): PolicyIndex | null {
	if (posture.kind === 'active') return posture.index;
	return posture.kind === 'hold' ? posture.known : null;
}

/** Who `facts` are under that policy; null is a system path. Without a policy nobody is known to be an agent. */
export function principalIn(posture: WritePosture, facts: PrincipalFacts | null): WritePrincipal {
	return classifyPrincipal(knownIndex(posture)?.agents ?? NOBODY, facts);
}
