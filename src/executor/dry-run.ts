import type { DryRunResponse } from '../contracts/executor.ts';
import { digestOf } from '../service/canonical.ts';
import type { GrantVerdict, VerifyGrant } from './grants.ts';
import type { ExecutorLog } from './log.ts';
import type { Refusal } from './refusal.ts';
import type { DryRunRequest } from './request.ts';
import type { SnapshotFailure, SnapshotReader } from './snapshot.ts';
import type { Tool } from './tools/tool.ts';

export type DryRunAnswer = { kind: 'ok'; response: DryRunResponse } | { kind: 'refused'; refusal: Refusal };

export interface DryRunParts {
	reader: SnapshotReader;
	verifyGrant: VerifyGrant;
	log: ExecutorLog;
}

/** Computes a dry run for whoever holds a grant for it. */
export async function dryRun(
	{ reader, verifyGrant, log }: DryRunParts,
	tool: Tool,
	grant: string,
	{ correlationId, input }: DryRunRequest,
): Promise<DryRunAnswer> {
	const question = { grant, tool: tool.code, correlationId };
	const verdict = await verifyGrant(question).catch((error: unknown): GrantVerdict => {
		log.error('the grant could not be verified', { tool: tool.code, error: nameOf(error) });
		return { ok: false, reason: 'GRANT_INVALID', detail: 'the grant could not be verified' };
	});
	if (!verdict.ok) return refused(verdict.reason, verdict.detail);
	const snapshot = await reader.inSnapshot(tool.code, (read) => tool.compute(read, input));
	if (snapshot.kind !== 'done') return refusedBy(snapshot);
	const { value: result, readOnly } = snapshot;
	return { kind: 'ok', response: { result, digest: digestOf(result), read_only: readOnly } };
}

function refusedBy({ kind, detail }: SnapshotFailure): DryRunAnswer {
	return refused(kind === 'timeout' ? 'EXECUTOR_TIMEOUT' : 'GOVERNANCE_HOLD', detail);
}

function refused(reason: Refusal['reason'], detail: string): DryRunAnswer {
	return { kind: 'refused', refusal: { reason, detail } };
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
