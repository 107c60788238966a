import type { DecisionCheck, DispatchDecision, DispatchFacts } from './dispatch-facts.ts';
import { withoutProofWords } from './dispatch-texts.ts';
import type { DispatchReason } from './reasons.ts';

type Verdict = { ok: string } | { reason: DispatchReason; details: readonly string[] } | 'unknown';
type Rule = readonly [name: string, judge: (facts: DispatchFacts) => Verdict];

const fine = (detail: string): Verdict => ({ ok: detail });
const refuse = (reason: DispatchReason, ...details: string[]): Verdict => ({ reason, details });

/** In the order they run: what needs no authority first, what leaves the process last. */
const RULES: readonly Rule[] = [
	['policy', judgePolicy],
	['gates', judgeGates],
	['tool', judgeTool],
	['contract', judgeContract],
	['mode', judgeMode],
	['side_effects', judgeSideEffects],
	['caller', judgeCaller],
	['grant', judgeGrant],
	['input', judgeInput],
	['executor', judgeExecutor],
];

/** The names of all checks, in the order they run. */
export const DECISION_CHECKS: readonly string[] = RULES.map(([name]) => name);

/**
 * Decides a well-formed, claimed dispatch. Pure: the same facts give the same decision. The first failed check refuses;
 * the checks after it are listed as skipped, so that a reader sees what was not looked at.
 */
export function decideDispatch(facts: DispatchFacts): DispatchDecision {
	const checks: DecisionCheck[] = [];
	for (const [index, [name, judge]] of RULES.entries()) {
		const verdict = judge(facts);
		if (verdict === 'unknown') return { kind: 'ask_executor', checks };
		if ('ok' in verdict) {
			checks.push({ name, result: 'ok', detail: verdict.ok });
			continue;
		}
		for (const detail of verdict.details) checks.push({ name, result: 'failed', detail: withoutProofWords(detail) });
		for (const [skipped] of RULES.slice(index + 1)) {
			checks.push({ name: skipped, result: 'skipped', detail: 'not reached' });
		}
		return { kind: 'refused', reason: verdict.reason, checks };
	}
	return { kind: 'planned', checks };
}

function judgePolicy({ applied, found }: DispatchFacts): Verdict {
	if (found.generation === applied.generation) return fine(`generation ${applied.generation}, signature verified`);
	return refuse('GOVERNANCE_HOLD', 'the policy in force here is not the one the database holds');
}

function judgeGates({ applied, found }: DispatchFacts): Verdict {
	const names = ['dispatch_enabled', 'dry_run_only', 'execute_enabled', 'real_run_enabled'] as const;
	const same = found.gates !== null && names.every((name) => found.gates?.[name] === applied.gates[name]);
	if (!same) return refuse('GOVERNANCE_HOLD', 'the gates in the database are not the signed ones');
	// The signature could only cover open gates if the operator's key were misused; REAL_RUN stays impossible then too.
	if (!applied.gates.dry_run_only || applied.gates.execute_enabled || applied.gates.real_run_enabled) {
		return refuse('GOVERNANCE_HOLD', 'the gates are not in the dry-run-only posture');
	}
	if (!applied.gates.dispatch_enabled) return refuse('GATE_CLOSED', 'dispatch_enabled is false');
	return fine('dry-run-only, dispatch enabled');
}

function judgeTool({ applied, found }: DispatchFacts): Verdict {
	if (found.tool === null && found.contract === null && applied.namedByLane)
		return fine('named by a lane, not registered yet');
	if (found.tool === null) return refuse('UNKNOWN_TOOL', 'dot_tools has no such code');
	if (found.tool.status !== 'registered') return refuse('UNKNOWN_TOOL', 'the tool is no longer registered');
	return fine('registered');
}

function judgeContract({ applied, found }: DispatchFacts): Verdict {
	if (found.contract === null && applied.contractDigest === null) {
		return refuse('NO_AGENT_API_CONTRACT', 'dot_agent_api_contract has no row for this tool');
	}
	if (found.contract === null || found.contract.digest !== applied.contractDigest) {
		return refuse('GOVERNANCE_HOLD', 'the contract in the database is not the signed one');
	}
	return fine('registered, equal to the signed one');
}

function judgeMode({ mode, found }: DispatchFacts): Verdict {
	if (found.contract?.modes.includes(mode)) return fine(`${mode} is offered`);
	return refuse('MODE_NOT_IN_CONTRACT', `${mode} is not offered by the contract`);
}

function judgeSideEffects({ found }: DispatchFacts): Verdict {
	if (found.contract?.side_effects === 'none') return fine('none declared');
	return refuse('SIDE_EFFECTS_DECLARED', 'the contract declares side effects');
}

function judgeCaller({ caller, found }: DispatchFacts): Verdict {
	const callers = found.contract?.callers;
	if (callers === '*') return fine('every authenticated caller is named');
	if (callers !== undefined) {
		if (caller.user !== null && callers.users.includes(caller.user)) return fine('named as a user');
		if (caller.roles.some((role) => callers.roles.includes(role))) return fine('named by role');
		if (callers.surfaces.includes(caller.surface)) return fine('named by surface');
	}
	return refuse('CALLER_NOT_IN_CONTRACT', 'neither user, role nor surface is named by the contract');
}

function judgeGrant({ mode, grant }: DispatchFacts): Verdict {
	if (mode === 'PLAN_ONLY') return fine('a plan needs none');
	switch (grant.kind) {
		case 'none':
			return refuse('GRANT_REQUIRED', 'a dry run was asked for without a grant');
		case 'unregistered':
			return refuse('GRANT_INVALID', 'no such grant is registered');
		// Using up a grant needs the sealed dry run, which this version cannot do: refusing is the only safe answer.
		case 'registered':
			return refuse('GRANT_INVALID', 'this version cannot use grants');
		default:
			return unreachable(grant);
	}
}

function judgeInput({ found }: DispatchFacts): Verdict {
	const input = found.contract?.input;
	switch (input?.kind) {
		case 'valid':
			return fine('matches the schema of the contract');
		case 'invalid':
			return refuse('INPUT_SCHEMA_MISMATCH', ...input.faults);
		case 'too_large':
			return refuse('PAYLOAD_TOO_LARGE', `the contract allows ${input.limit} bytes of input`);
		case 'unusable_schema':
		case undefined:
			return refuse('GOVERNANCE_HOLD', 'the schema of the contract cannot be applied');
		default:
			return unreachable(input);
	}
}

function judgeExecutor({ executor }: DispatchFacts): Verdict {
	switch (executor.kind) {
		case 'not_asked':
			return 'unknown';
		case 'serves':
			return fine('serves this tool, declares no side effects');
		case 'not_served':
			return refuse('ENDPOINT_ABSENT', 'the executor does not list this tool');
		case 'undeclared':
			return refuse('GOVERNANCE_HOLD', 'the policy does not name the executor of the contract');
		case 'unreachable':
			return refuse('EXECUTOR_UNREACHABLE', executor.detail);
		case 'timeout':
			return refuse('EXECUTOR_TIMEOUT', executor.detail);
		case 'invalid':
			return refuse('EXECUTOR_INVALID_RESPONSE', executor.detail);
		default:
			return unreachable(executor);
	}
}

function unreachable(state: never): never {
	throw new TypeError(`unhandled state ${JSON.stringify(state)}`);
}
