import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DECISION_CHECKS, decideDispatch } from '../../src/core/decide-dispatch.ts';
import type {
	ContractFacts,
	DispatchFacts,
	ExecutorFacts,
	GrantFacts,
	InputFacts,
} from '../../src/core/dispatch-facts.ts';
import { nextStep, whyRefused, withoutProofWords } from '../../src/core/dispatch-texts.ts';
import { DISPATCH_REASONS, type DispatchReason } from '../../src/core/reasons.ts';

const GATES = { dispatch_enabled: true, dry_run_only: true, execute_enabled: false, real_run_enabled: false };
const USER = 'a0000000-0000-4000-8000-000000000001';
const PROOF_WORDS = /pass|digest|seal/i;

const CONTRACT: ContractFacts = {
	modes: ['PLAN_ONLY', 'DRY_RUN'],
	side_effects: 'none',
	callers: '*',
	digest: 'sha256:1',
	input: { kind: 'valid' },
};

const LAWFUL: DispatchFacts = {
	mode: 'PLAN_ONLY',
	caller: { user: USER, roles: ['editors'], surface: 'rest' },
	applied: { generation: 3, gates: GATES, contractDigest: 'sha256:1', namedByLane: false },
	found: { generation: 3, gates: GATES, tool: { status: 'registered' }, contract: CONTRACT },
	grant: { kind: 'none' },
	executor: { kind: 'serves' },
};

type Change = (facts: DispatchFacts) => DispatchFacts;
const contract =
	(changes: Partial<ContractFacts>): Change =>
	(facts) => ({
		...facts,
		found: { ...facts.found, contract: { ...CONTRACT, ...changes } },
	});
const found =
	(changes: Partial<DispatchFacts['found']>): Change =>
	(facts) => ({
		...facts,
		found: { ...facts.found, ...changes },
	});
const applied =
	(changes: Partial<DispatchFacts['applied']>): Change =>
	(facts) => ({
		...facts,
		applied: { ...facts.applied, ...changes },
	});
const executor =
	(state: ExecutorFacts): Change =>
	(facts) => ({ ...facts, executor: state });
const dryRun =
	(grant: GrantFacts): Change =>
	(facts) => ({ ...facts, mode: 'DRY_RUN', grant });
const both =
	(gates: typeof GATES): Change =>
	(facts) =>
		found({ gates })(applied({ gates })(facts));
const nobody = { roles: [], users: [], surfaces: [] };

/** Good and bad cases of the decision; the bad ones include attempts to get round a rule. */
const REFUSED: [title: string, change: Change, reason: DispatchReason, check: string][] = [
	['an older policy here than in the database', found({ generation: 4 }), 'GOVERNANCE_HOLD', 'policy'],
	['no policy row at all', found({ generation: null }), 'GOVERNANCE_HOLD', 'policy'],
	['no gates row', found({ gates: null }), 'GOVERNANCE_HOLD', 'gates'],
	[
		'a gate opened in the table only',
		found({ gates: { ...GATES, real_run_enabled: true } }),
		'GOVERNANCE_HOLD',
		'gates',
	],
	['an execute gate opened and signed', both({ ...GATES, execute_enabled: true }), 'GOVERNANCE_HOLD', 'gates'],
	['a real-run gate opened and signed', both({ ...GATES, real_run_enabled: true }), 'GOVERNANCE_HOLD', 'gates'],
	['dry_run_only switched off and signed', both({ ...GATES, dry_run_only: false }), 'GOVERNANCE_HOLD', 'gates'],
	['dispatch switched off', both({ ...GATES, dispatch_enabled: false }), 'GATE_CLOSED', 'gates'],
	['an unknown tool', found({ tool: null, contract: null }), 'UNKNOWN_TOOL', 'tool'],
	[
		'a tool that only a lane names',
		(facts) => found({ tool: null, contract: null })(applied({ contractDigest: null, namedByLane: true })(facts)),
		'NO_AGENT_API_CONTRACT',
		'contract',
	],
	['a retired tool', found({ tool: { status: 'retired' } }), 'UNKNOWN_TOOL', 'tool'],
	[
		'no contract',
		(facts) => found({ contract: null })(applied({ contractDigest: null })(facts)),
		'NO_AGENT_API_CONTRACT',
		'contract',
	],
	['a signed contract that is gone', found({ contract: null }), 'GOVERNANCE_HOLD', 'contract'],
	['a contract nobody signed', applied({ contractDigest: null }), 'GOVERNANCE_HOLD', 'contract'],
	['a contract edited in the table', contract({ digest: 'sha256:2' }), 'GOVERNANCE_HOLD', 'contract'],
	['a mode the contract lacks', contract({ modes: ['DRY_RUN'] }), 'MODE_NOT_IN_CONTRACT', 'mode'],
	['a mode in another spelling', contract({ modes: ['plan_only'] }), 'MODE_NOT_IN_CONTRACT', 'mode'],
	['side effects', contract({ side_effects: 'writes' }), 'SIDE_EFFECTS_DECLARED', 'side_effects'],
	['a caller nobody named', contract({ callers: nobody }), 'CALLER_NOT_IN_CONTRACT', 'caller'],
	[
		'a role that is only like a named one',
		contract({ callers: { ...nobody, roles: ['editor'] } }),
		'CALLER_NOT_IN_CONTRACT',
		'caller',
	],
	['a user named as a role', contract({ callers: { ...nobody, roles: [USER] } }), 'CALLER_NOT_IN_CONTRACT', 'caller'],
	['another surface', contract({ callers: { ...nobody, surfaces: ['mcp'] } }), 'CALLER_NOT_IN_CONTRACT', 'caller'],
	['a dry run without grant', dryRun({ kind: 'none' }), 'GRANT_REQUIRED', 'grant'],
	['a dry run with a made-up grant', dryRun({ kind: 'unregistered' }), 'GRANT_INVALID', 'grant'],
	['a dry run with a grant no version can use yet', dryRun({ kind: 'registered' }), 'GRANT_INVALID', 'grant'],
	[
		'a bad input',
		contract({ input: { kind: 'invalid', faults: ['input/a: must be string'] } }),
		'INPUT_SCHEMA_MISMATCH',
		'input',
	],
	['a large input', contract({ input: { kind: 'too_large', limit: 10 } }), 'PAYLOAD_TOO_LARGE', 'input'],
	['a schema that cannot be applied', contract({ input: { kind: 'unusable_schema' } }), 'GOVERNANCE_HOLD', 'input'],
	['an executor that does not serve it', executor({ kind: 'not_served' }), 'ENDPOINT_ABSENT', 'executor'],
	['an executor nobody declared', executor({ kind: 'undeclared' }), 'GOVERNANCE_HOLD', 'executor'],
	['a dead executor', executor({ kind: 'unreachable', detail: 'gone' }), 'EXECUTOR_UNREACHABLE', 'executor'],
	['a slow executor', executor({ kind: 'timeout', detail: 'slow' }), 'EXECUTOR_TIMEOUT', 'executor'],
	[
		'a lying executor',
		executor({ kind: 'invalid', detail: 'a digest, a seal and PASS' }),
		'EXECUTOR_INVALID_RESPONSE',
		'executor',
	],
];

describe('the decision', () => {
	test('a lawful plan holds every check, in order', () => {
		const decision = decideDispatch(LAWFUL);
		expect(decision.kind).toBe('planned');
		expect(decision.checks.map(({ name }) => name)).toEqual(DECISION_CHECKS);
		expect(decision.checks.every(({ result }) => result === 'ok')).toBe(true);
	});

	test.each(REFUSED)('%s is refused', (_title, change, reason, check) => {
		const decision = decideDispatch(change(LAWFUL));
		expect(decision).toMatchObject({ kind: 'refused', reason });
		const at = DECISION_CHECKS.indexOf(check);
		for (const { name, result } of decision.checks) {
			const expected = DECISION_CHECKS.indexOf(name) < at ? 'ok' : name === check ? 'failed' : 'skipped';
			expect({ name, result }).toEqual({ name, result: expected });
		}
		expect(JSON.stringify(decision)).not.toMatch(PROOF_WORDS);
	});

	test.each([
		['by user', { ...nobody, users: [USER] }],
		['by role', { ...nobody, roles: ['editors'] }],
		['by surface', { ...nobody, surfaces: ['rest'] }],
	])('a caller named %s may dispatch', (_how, callers) => {
		expect(decideDispatch(contract({ callers })(LAWFUL)).kind).toBe('planned');
	});

	test('the executor is asked only when everything else holds', () => {
		const unasked = executor({ kind: 'not_asked' });
		expect(decideDispatch(unasked(LAWFUL)).kind).toBe('ask_executor');
		for (const [, change, , check] of REFUSED) {
			if (check !== 'executor') expect(decideDispatch(change(unasked(LAWFUL))).kind).toBe('refused');
		}
	});
});

describe('whatever the facts', () => {
	const gates = fc.record({
		dispatch_enabled: fc.boolean(),
		dry_run_only: fc.boolean(),
		execute_enabled: fc.boolean(),
		real_run_enabled: fc.boolean(),
	});
	const word = fc.constantFrom('a', 'b', 'c');
	const words = fc.array(word, { maxLength: 2 });
	const input: fc.Arbitrary<InputFacts> = fc.oneof(
		fc.constant({ kind: 'valid' as const }),
		fc.constant({ kind: 'unusable_schema' as const }),
		fc.record({ kind: fc.constant('too_large' as const), limit: fc.nat() }),
		fc.record({ kind: fc.constant('invalid' as const), faults: fc.array(fc.string(), { minLength: 1 }) }),
	);
	const facts: fc.Arbitrary<DispatchFacts> = fc.record({
		mode: fc.constantFrom('PLAN_ONLY' as const, 'DRY_RUN' as const),
		caller: fc.record({
			user: fc.option(word),
			roles: words,
			surface: fc.constantFrom('rest' as const, 'mcp' as const),
		}),
		applied: fc.record({
			generation: fc.constantFrom(1, 2),
			gates,
			contractDigest: fc.option(word),
			namedByLane: fc.boolean(),
		}),
		found: fc.record({
			generation: fc.constantFrom(1, 2, null),
			gates: fc.option(gates),
			tool: fc.option(fc.record({ status: fc.constantFrom('registered', 'retired') })),
			contract: fc.option(
				fc.record({
					modes: fc.subarray(['PLAN_ONLY', 'DRY_RUN', 'REAL_RUN']),
					side_effects: fc.constantFrom('none', 'some'),
					callers: fc.oneof(
						fc.constant('*' as const),
						fc.record({ roles: words, users: words, surfaces: fc.subarray(['rest', 'mcp']) }),
					),
					digest: word,
					input,
				}),
			),
		}),
		grant: fc.constantFrom<GrantFacts>({ kind: 'none' }, { kind: 'unregistered' }, { kind: 'registered' }),
		executor: fc.oneof(
			fc.constantFrom<ExecutorFacts>(
				{ kind: 'not_asked' },
				{ kind: 'serves' },
				{ kind: 'not_served' },
				{ kind: 'undeclared' },
			),
			fc.record({
				kind: fc.constantFrom('unreachable' as const, 'timeout' as const, 'invalid' as const),
				detail: fc.string(),
			}),
		),
	});

	test('a plan needs every single condition; a dry run is never accepted', () => {
		fc.assert(
			fc.property(facts, (given) => {
				const decision = decideDispatch(given);
				if (decision.kind === 'planned') {
					const { found: held, applied: signed } = given;
					expect(given.mode).toBe('PLAN_ONLY');
					expect(held.generation).toBe(signed.generation);
					expect(held.gates).toEqual(signed.gates);
					expect(signed.gates).toEqual({ ...GATES, dispatch_enabled: true });
					expect(held.tool?.status).toBe('registered');
					expect(held.contract?.digest).toBe(signed.contractDigest);
					expect(held.contract?.modes).toContain('PLAN_ONLY');
					expect(held.contract?.side_effects).toBe('none');
					expect(held.contract?.input.kind).toBe('valid');
					expect(given.executor.kind).toBe('serves');
				}
				if (decision.kind === 'refused') {
					expect(decision.checks.some(({ result }) => result === 'failed')).toBe(true);
					expect(JSON.stringify(decision)).not.toMatch(PROOF_WORDS);
				}
				expect(decideDispatch(structuredClone(given))).toEqual(decision);
			}),
			{ numRuns: 3_000 },
		);
	});

	test('a lawful request with any single condition broken is refused', () => {
		fc.assert(
			fc.property(fc.constantFrom(...REFUSED), fc.constantFrom(...REFUSED), ([, first], [, second]) => {
				expect(decideDispatch(second(first(LAWFUL))).kind).toBe('refused');
			}),
		);
	});
});

describe('the texts of a refusal', () => {
	test.each(DISPATCH_REASONS)('%s says why and what next, without the words of an acceptance', (reason) => {
		expect(whyRefused(reason).length).toBeGreaterThan(5);
		expect(nextStep(reason)).toMatch(/^[A-Z].*\.$/);
		expect(`${whyRefused(reason)} ${nextStep(reason)}`).not.toMatch(PROOF_WORDS);
	});

	test('no text keeps the words of an acceptance', () => {
		expect(withoutProofWords('Digest, PASS and unsealed')).not.toMatch(PROOF_WORDS);
		fc.assert(fc.property(fc.string(), (text) => !PROOF_WORDS.test(withoutProofWords(text))));
	});
});
