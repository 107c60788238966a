import type { RestCommand } from '@directus/sdk';
import type { DispatchAccepted, DispatchMode, DispatchRefusal } from '../contracts/dispatch.ts';
import type { EvidenceEntry, EvidencePage, EvidenceRecord, Surface } from '../contracts/evidence.ts';
import type { ExplainRequest, Explanation } from '../contracts/explain.ts';
import type { GovernanceHealth, Posture } from '../contracts/posture.ts';

export type { DispatchAccepted, DispatchCheck, DispatchPlan, DispatchRefusal } from '../contracts/dispatch.ts';
export type { EvidencePage, EvidenceRecord } from '../contracts/evidence.ts';
export type { ExplainRequest, Explanation } from '../contracts/explain.ts';
export type { GovernanceHealth, Posture } from '../contracts/posture.ts';
export type { DispatchReason } from '../core/reasons.ts';

/** The body of `POST /governance/dispatch`. */
export interface DispatchCommand {
	tool: string;
	mode: DispatchMode;
	/** New for each request; sending the same request again returns the same answer. */
	correlation_id: string;
	input?: Record<string, unknown>;
	/** Needed for DRY_RUN; minted by the operator. */
	grant?: string;
}

/** Newest first; `before` is the `next_before` of the page before. */
export interface EvidenceFilter {
	limit?: number;
	before?: number;
	kind?: EvidenceEntry['kind'];
	surface?: Surface;
}

/**
 * Dispatches a registered operation. A refusal rejects; see {@link isDispatchRefusal}.
 *
 * @example await client.request(dispatch({ tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', correlation_id: crypto.randomUUID() }))
 */
export function dispatch<Schema>(command: DispatchCommand): RestCommand<DispatchAccepted, Schema> {
	return () => ({ method: 'POST', path: '/governance/dispatch', body: JSON.stringify(command) });
}

/**
 * Says whether governance would refuse a write, by which rule, at which layer, and what is lawful instead. About the caller
 * unless an admin names another actor.
 *
 * @example await client.request(explain({ collection: 'prices', action: 'update', fields: ['amount'] }))
 */
export function explain<Schema>(question: ExplainRequest): RestCommand<Explanation, Schema> {
	return () => ({ method: 'POST', path: '/governance/explain', body: JSON.stringify(question) });
}

/** Which collections are governed, how the gates stand, what was demonstrated and what was not. */
export function readPosture<Schema>(): RestCommand<Posture, Schema> {
	return () => ({ method: 'GET', path: '/governance/posture' });
}

/** Reads a page of the evidence log. */
export function readEvidence<Schema>(filter: EvidenceFilter = {}): RestCommand<EvidencePage, Schema> {
	return () => ({ method: 'GET', path: '/governance/evidence', params: { ...filter } });
}

/** Reads one entry of the evidence log by its id. */
export function readEvidenceEntry<Schema>(id: string): RestCommand<EvidenceRecord, Schema> {
	return () => ({ method: 'GET', path: `/governance/evidence/${encodeURIComponent(id)}` });
}

/** Resolves while nothing holds; rejects with status 503 and code `GOVERNANCE_HOLD` otherwise. */
export function readGovernanceHealth<Schema>(): RestCommand<GovernanceHealth, Schema> {
	return () => ({ method: 'GET', path: '/governance/health' });
}

/** What `@directus/sdk` throws for a refused dispatch. */
export interface DispatchRefusedError {
	errors: [{ message: string; extensions: DispatchRefusal }];
	response: Response;
}

/** Tells a refused dispatch from every other error of the client, without parsing messages. */
export function isDispatchRefusal(error: unknown): error is DispatchRefusedError {
	const [first] = (error as { errors?: { extensions?: { code?: unknown } }[] } | null)?.errors ?? [];
	return first?.extensions?.code === 'DISPATCH_REFUSED';
}
