import { digestOf } from '../canonical.ts';
import type { Submit } from './batcher.ts';
import { callerName } from './caller.ts';
import { hashGrant, type Subjected } from './gather-facts.ts';
import type { ClaimRequest, ClaimResult, DispatchSystem, RegistryQuestion, RegistrySnapshot } from './ports.ts';

export interface ClaimItem {
	claim: ClaimRequest;
	question: RegistryQuestion;
}

export interface ClaimOutcome {
	result: ClaimResult;
	registry: RegistrySnapshot;
}

/** How long an answer in flight elsewhere is awaited, how long a claim is ours, how often to look; milliseconds. */
export interface ClaimTimes {
	awaitMs: number;
	leaseMs: number;
	pollMs: number;
}

/** What identifies a dispatch and what its decision reads. The digest covers the surface: callers may differ by it. */
export function claimItem({ request, caller, surface }: Subjected, leaseMs: number): ClaimItem {
	const { tool, mode, correlation_id, input } = request;
	const grantHash = request.grant === undefined ? null : hashGrant(request.grant);
	return {
		claim: {
			caller: callerName(caller),
			correlation_id,
			request_digest: digestOf({ v: 1, surface, tool, mode, input: input ?? null, grant: grantHash }),
			lease_ms: leaseMs,
		},
		question: { tool, grantHash },
	};
}

/** Claims, awaiting the answer of the same request in flight until the time limit; then the last outcome stands. */
export async function claimOrAwait(
	item: ClaimItem,
	submit: Submit<ClaimItem, ClaimOutcome>,
	system: DispatchSystem,
	{ awaitMs, pollMs }: ClaimTimes,
): Promise<ClaimOutcome> {
	const deadline = system.now() + awaitMs;
	for (;;) {
		const outcome = await submit(item);
		if (outcome.result.status !== 'in_progress' || system.now() >= deadline) return outcome;
		await system.wait(pollMs);
	}
}
