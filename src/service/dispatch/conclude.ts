import type { DispatchAccepted, DispatchPlan } from '../../contracts/dispatch.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { DispatchDecision } from '../../core/dispatch-facts.ts';
import { digestOf } from '../canonical.ts';
import { accept, refuse } from './answers.ts';
import type { ReadContract } from './contract-book.ts';
import type { Subjected } from './gather-facts.ts';
import type { RecordedAnswer } from './ports.ts';
import { subjectOf } from './read-request.ts';

/** The answer to a decision and the facts its evidence entry records. */
export interface Conclusion {
	kind: 'dispatch' | 'refusal';
	answer: RecordedAnswer;
	facts: Record<string, unknown>;
}

/**
 * Turns a final decision into the answer and its evidence.
 *
 * @param evidenceId id the evidence entry will carry, so that answer and entry can be stored in one commit
 */
export function conclude(
	{ request }: Subjected,
	decision: Exclude<DispatchDecision, { kind: 'ask_executor' }>,
	policy: PolicyDocument,
	contract: ReadContract | null,
	evidenceId: string,
): Conclusion {
	const subject = subjectOf(request);
	if (decision.kind === 'refused' || contract === null) {
		const reason = decision.kind === 'refused' ? decision.reason : 'GOVERNANCE_HOLD';
		const failed = decision.checks.filter(({ result }) => result === 'failed');
		return {
			kind: 'refusal',
			answer: refuse(reason, subject, decision.checks, evidenceId),
			facts: { generation: policy.generation, reason, failed },
		};
	}
	const { version, digest } = { version: contract.contract.version, digest: contract.digest };
	const plan = planOf(contract, digestOf(request.input ?? {}));
	const data: DispatchAccepted = {
		outcome: 'PLANNED',
		tool: request.tool,
		mode: request.mode,
		correlation_id: request.correlation_id,
		validated: true,
		endpoint_present: true,
		true_dry_run_possible: true,
		gates: policy.gates,
		contract: { version, digest },
		checks: decision.checks,
		evidence: { id: evidenceId },
		plan,
	};
	return {
		kind: 'dispatch',
		answer: accept(data),
		facts: {
			generation: policy.generation,
			outcome: 'PLANNED',
			contract: { version, digest },
			input_digest: plan.input_digest,
		},
	};
}

function planOf({ contract: { executor, path, tool } }: ReadContract, inputDigest: string): DispatchPlan {
	return {
		executor,
		path,
		side_effects: 'none',
		input_digest: inputDigest,
		steps: [
			'take one use of a grant for this caller, tool and contract',
			'record position, row counts and digests of the governed and registry tables',
			`let ${executor} compute ${tool} in a read-only transaction`,
			'recompute the digest of the result and check it against the output schema',
			'record the same tables again and refuse if anything changed',
			'seal the result and append it to the evidence log',
		],
	};
}
