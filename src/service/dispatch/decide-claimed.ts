import type { DispatchCheck } from '../../contracts/dispatch.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import { decideDispatch } from '../../core/decide-dispatch.ts';
import type { DispatchDecision } from '../../core/dispatch-facts.ts';
import type { Runtime, RuntimeState } from '../guard/runtime.ts';
import type { ExecutorDirectory } from '../ports/executor-directory.ts';
import { refuse } from './answers.ts';
import type { Submit } from './batcher.ts';
import { type Conclusion, conclude } from './conclude.ts';
import type { ContractBook } from './contract-book.ts';
import { askExecutor, type Gathered, gatherFacts, type Subjected } from './gather-facts.ts';
import { policyAt } from './policy-at.ts';
import type { RegistryQuestion, RegistrySnapshot } from './ports.ts';
import { subjectOf } from './read-request.ts';

export interface DecisionPorts {
	runtime: Pick<Runtime, 'state' | 'refresh'>;
	executors: ExecutorDirectory;
	book: ContractBook;
	read: Submit<RegistryQuestion, RegistrySnapshot>;
}

/** Why nothing is dispatched. The reason is no secret: health tells it to everybody who is signed in. */
export function holdCheck(state: RuntimeState): DispatchCheck {
	const detail = state.kind === 'hold' ? `the instance holds: ${state.reason}` : 'no verified policy is in force';
	return { name: 'policy', result: 'failed', detail };
}

/**
 * Decides a claimed dispatch from a read-only snapshot of the registry.
 *
 * @param evidenceId id of the entry that will record the conclusion
 */
export async function decideClaimed(
	subject: Subjected,
	question: RegistryQuestion,
	snapshot: RegistrySnapshot,
	{ runtime, executors, book, read }: DecisionPorts,
	evidenceId: string,
): Promise<Conclusion> {
	const known = runtime.state();
	const lags = known.kind !== 'active' || known.policy.generation !== snapshot.generation;
	const policy = lags ? await policyAt(runtime, snapshot.generation) : known.policy;
	if (policy === null) {
		const check = holdCheck(runtime.state());
		return {
			kind: 'refusal',
			answer: refuse('GOVERNANCE_HOLD', subjectOf(subject.request), [check], evidenceId),
			facts: { reason: 'GOVERNANCE_HOLD', failed: [check] },
		};
	}
	const gathered = gatherFacts(subject, policy, lags ? await read(question) : snapshot, book);
	return conclude(subject, await finalDecision(gathered, policy, executors), policy, gathered.contract, evidenceId);
}

async function finalDecision(
	{ facts, contract }: Gathered,
	policy: PolicyDocument,
	executors: ExecutorDirectory,
): Promise<Exclude<DispatchDecision, { kind: 'ask_executor' }>> {
	const local = decideDispatch(facts);
	if (local.kind !== 'ask_executor') return local;
	const executor =
		contract === null ? ({ kind: 'undeclared' } as const) : await askExecutor(contract, policy, executors);
	const decision = decideDispatch({ ...facts, executor });
	if (decision.kind === 'ask_executor') throw new TypeError('an executor that was asked cannot be unknown');
	return decision;
}
