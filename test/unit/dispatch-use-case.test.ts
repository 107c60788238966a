import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DispatchAccepted, DispatchRefusal } from '../../src/contracts/dispatch.ts';
import type { Dispatch } from '../../src/service/dispatch/create-dispatch.ts';
import type { RecordedAnswer } from '../../src/service/dispatch/ports.ts';
import { CALLER, CONTRACT, policyFor, World } from './support/dispatch-world.ts';

const PROOF_WORDS = /pass|digest|seal/i;
const LAWFUL = { tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', correlation_id: 'c-1' };

let world: World;
let dispatch: Dispatch;
let number = 0;

beforeEach(() => {
	world = new World();
	dispatch = world.dispatcher();
	number = 0;
});

const attempt = (body: unknown, changes: object = {}) => ({
	caller: CALLER,
	surface: 'rest' as const,
	address: 'here',
	bytes: 100,
	body,
	...changes,
});
const ask = (body: unknown, changes: object = {}) => dispatch(attempt(body, changes));
const fresh = () => ({ ...LAWFUL, correlation_id: `c-${++number}` });
const refusalOf = ({ json }: RecordedAnswer) => JSON.parse(json) as DispatchRefusal;
const logged = (id: string | undefined) => world.log.find((entry) => entry.id === id)?.entry;

describe('a lawful plan', () => {
	test('is accepted with plan, checks and evidence', async () => {
		const { reason, json } = await ask({ ...LAWFUL, input: { node: 'tools' } });
		const data = JSON.parse(json) as DispatchAccepted;
		expect(reason).toBeNull();
		expect(data).toMatchObject({
			outcome: 'PLANNED',
			validated: true,
			endpoint_present: true,
			true_dry_run_possible: true,
			gates: { dispatch_enabled: true, dry_run_only: true, execute_enabled: false, real_run_enabled: false },
			contract: { version: '1.0.0', digest: policyFor(CONTRACT).contracts.DOT_KG_EXPLAIN },
			plan: { executor: 'main', side_effects: 'none' },
		});
		expect(logged(data.evidence.id)).toMatchObject({
			kind: 'dispatch',
			facts: { outcome: 'PLANNED', tool: 'DOT_KG_EXPLAIN' },
		});
		expect(JSON.stringify(world.log)).not.toContain('"tools"');
	});

	test('asked again, answers the very same text and decides nothing', async () => {
		const first = await ask(LAWFUL);
		expect(await ask(LAWFUL)).toEqual(first);
		expect(await ask({ correlation_id: 'c-1', mode: 'PLAN_ONLY', tool: 'DOT_KG_EXPLAIN' })).toEqual(first);
		expect(world.log).toHaveLength(1);
	});

	test('asked many times at once, is decided once', async () => {
		const answers = await Promise.all(Array.from({ length: 40 }, () => ask(LAWFUL)));
		expect(new Set(answers.map(({ json }) => json)).size).toBe(1);
		expect(world.log).toHaveLength(1);
	});

	test('many at once share batches', async () => {
		await Promise.all(Array.from({ length: 64 }, () => ask(fresh())));
		expect(world.log).toHaveLength(64);
		expect(world.batches.length).toBeLessThan(8);
	});
});

describe('a correlation id', () => {
	test.each([
		['another mode', { mode: 'DRY_RUN' }, {}],
		['another tool', { tool: 'DOT_OTHER' }, {}],
		['another input', { input: { node: 'x' } }, {}],
		['a grant', { grant: 'g' }, {}],
		['another surface', {}, { surface: 'mcp' as const }],
	])('is not reusable with %s', async (_what, change, how) => {
		await ask(LAWFUL);
		const answer = await ask({ ...LAWFUL, ...change }, how);
		expect(answer.reason).toBe('CORRELATION_ID_REUSED');
		expect(logged(refusalOf(answer).evidence?.id)?.facts).toMatchObject({ reason: 'CORRELATION_ID_REUSED' });
	});

	test('is the caller’s own', async () => {
		await ask(LAWFUL);
		const other = { ...CALLER, user: 'b0000000-0000-4000-8000-000000000002' };
		expect((await ask({ ...LAWFUL, input: { node: 'x' } }, { caller: other })).reason).toBeNull();
	});

	test('in flight elsewhere is awaited, then refused', async () => {
		world.settleFails = true;
		await ask(LAWFUL);
		world.settleFails = false;
		const before = world.time;
		expect((await ask(LAWFUL)).reason).toBe('CORRELATION_ID_IN_PROGRESS');
		expect(world.time - before).toBeGreaterThanOrEqual(5_000);
	});

	test('whose lease has expired is taken over', async () => {
		world.settleFails = true;
		await ask(LAWFUL);
		world.settleFails = false;
		world.time += 60_000;
		expect((await ask(LAWFUL)).reason).toBeNull();
	});

	test('taken over while this node decided gives the answer of the node that took it', async () => {
		const theirs: RecordedAnswer = { v: 1, reason: null, message: null, json: '{"theirs":true}' };
		world.beforeSettle = () => {
			for (const claim of world.claims.values()) claim.answer = theirs;
		};
		expect(await ask(LAWFUL)).toEqual(theirs);
		expect(world.log).toHaveLength(0);
	});
});

describe('refused before anything is claimed', () => {
	const HUGE = 65_537;
	test.each([
		['no caller', LAWFUL, { caller: null }, 'UNAUTHENTICATED'],
		['too many bytes', LAWFUL, { bytes: HUGE }, 'PAYLOAD_TOO_LARGE'],
		['too many bytes and a real run', { mode: 'REAL_RUN' }, { bytes: HUGE }, 'PAYLOAD_TOO_LARGE'],
		['a real run', { ...LAWFUL, mode: 'REAL_RUN' }, {}, 'REAL_RUN_REFUSED'],
		['a real run and nothing else', { mode: 'REAL_RUN' }, {}, 'REAL_RUN_REFUSED'],
		['a real run in a broken body', { mode: 'REAL_RUN', tool: 7, extra: {} }, {}, 'REAL_RUN_REFUSED'],
		['real_run', { ...LAWFUL, mode: 'real_run' }, {}, 'INVALID_MODE'],
		['a real run with a space', { ...LAWFUL, mode: 'REAL_RUN ' }, {}, 'INVALID_MODE'],
		['a real run in a list', { ...LAWFUL, mode: ['REAL_RUN'] }, {}, 'INVALID_MODE'],
		['no mode', { tool: 'DOT_KG_EXPLAIN', correlation_id: 'c' }, {}, 'INVALID_MODE'],
		['an invented mode', { ...LAWFUL, mode: 'PASS' }, {}, 'INVALID_MODE'],
		['an empty correlation id', { ...LAWFUL, correlation_id: '' }, {}, 'INVALID_CORRELATION_ID'],
		['a correlation id with a line break', { ...LAWFUL, correlation_id: 'a\nb' }, {}, 'INVALID_CORRELATION_ID'],
		['an extra field', { ...LAWFUL, digest: 'x' }, {}, 'INVALID_REQUEST'],
		['an extra field beside a bad mode', { ...LAWFUL, mode: 1, extra: 1 }, {}, 'INVALID_REQUEST'],
		['a tool of the wrong type', { ...LAWFUL, tool: {} }, {}, 'INVALID_REQUEST'],
		['a tool with a control character', { ...LAWFUL, tool: 'DOT\u0000' }, {}, 'INVALID_REQUEST'],
		['an input that is a list', { ...LAWFUL, input: [] }, {}, 'INVALID_REQUEST'],
		['a list of requests', [LAWFUL], {}, 'INVALID_REQUEST'],
		['nothing', null, {}, 'INVALID_REQUEST'],
		['__proto__', JSON.parse('{"__proto__":{"mode":"PLAN_ONLY"}}'), {}, 'INVALID_REQUEST'],
		['__proto__ in the input', { ...LAWFUL, input: JSON.parse('{"__proto__":1}') }, {}, 'INVALID_REQUEST'],
		['half a character', { ...LAWFUL, input: { node: '\ud800' } }, {}, 'INVALID_REQUEST'],
		[
			'deep nesting',
			{ ...LAWFUL, input: { a: JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) } },
			{},
			'INVALID_REQUEST',
		],
	])('%s', async (_what, body, how, reason) => {
		const answer = await ask(body, how);
		expect(answer.reason).toBe(reason);
		expect(answer.message).toMatch(/^\[REFUSED\] /);
		expect(`${answer.message}${answer.json}`).not.toMatch(PROOF_WORDS);
		expect(refusalOf(answer).next).not.toBe('');
		expect(logged(refusalOf(answer).evidence?.id)?.facts.reason).toBe(reason);
		expect(world.claims.size).toBe(0);
	});

	test('every fault is named at once', async () => {
		const answer = await ask({ tool: 7, mode: 'x', correlation_id: '', input: [], extra: 1 });
		const details = refusalOf(answer).checks.map(({ detail }) => detail.split(':')[0]);
		expect(details.sort()).toEqual(['correlation_id', 'extra', 'input', 'mode', 'tool']);
	});

	test('a real run is never deduplicated', async () => {
		const first = refusalOf(await ask({ ...LAWFUL, mode: 'REAL_RUN' }));
		const second = refusalOf(await ask({ ...LAWFUL, mode: 'REAL_RUN' }));
		expect(second.evidence?.id).not.toBe(first.evidence?.id);
	});

	test.each([
		['uninstalled', { kind: 'uninstalled' as const }],
		['hold', { kind: 'hold' as const, reason: 'POLICY_INVALID' as const, detail: 'x' }],
	])('everything while governance is in state %s', async (_kind, state) => {
		world.state = state;
		expect((await ask(LAWFUL)).reason).toBe('GOVERNANCE_HOLD');
		expect((await ask({ ...LAWFUL, mode: 'REAL_RUN' })).reason).toBe('REAL_RUN_REFUSED');
		expect(world.claims.size).toBe(0);
	});
});

describe('refused by the decision, and recorded as the answer', () => {
	test.each([
		['an unknown tool', { tool: 'DOT_NOWHERE' }, 'UNKNOWN_TOOL'],
		['a tool that is SQL', { tool: "'; drop table dot_tools; --" }, 'UNKNOWN_TOOL'],
		['a tool without contract', { tool: 'DOT_C1_VOCAB_BUILD' }, 'NO_AGENT_API_CONTRACT'],
		['a tool named like a property', { tool: '__proto__' }, 'UNKNOWN_TOOL'],
		['a dry run without grant', { mode: 'DRY_RUN' }, 'GRANT_REQUIRED'],
		['a dry run with a made-up grant', { mode: 'DRY_RUN', grant: 'sesame' }, 'GRANT_INVALID'],
		['an unknown input field', { input: { nodes: 'x' } }, 'INPUT_SCHEMA_MISMATCH'],
		['an input over the limit of the contract', { input: { node: 'x'.repeat(300) } }, 'PAYLOAD_TOO_LARGE'],
	])('%s', async (_what, change, reason) => {
		const body = { ...LAWFUL, ...change };
		const answer = await ask(body);
		expect(answer.reason).toBe(reason);
		expect(`${answer.message}${answer.json}`).not.toMatch(PROOF_WORDS);
		expect(await ask(body)).toEqual(answer);
		const entry = logged(refusalOf(answer).evidence?.id);
		expect(entry).toMatchObject({ kind: 'refusal', facts: { reason } });
		expect(JSON.stringify(entry)).not.toMatch(/sesame|drop table|xxx/);
		expect(world.asked).toBe(0);
	});

	test.each([
		['unreachable', 'EXECUTOR_UNREACHABLE'],
		['timeout', 'EXECUTOR_TIMEOUT'],
		['invalid', 'EXECUTOR_INVALID_RESPONSE'],
	] as const)('an executor that is %s', async (kind, reason) => {
		world.capabilities = { kind, detail: 'no answer' };
		expect((await ask(LAWFUL)).reason).toBe(reason);
	});

	test('an executor that does not list the tool', async () => {
		world.capabilities = { kind: 'ok', capabilities: { executor: 'main', version: '1', tools: [] } };
		expect((await ask(LAWFUL)).reason).toBe('ENDPOINT_ABSENT');
	});

	test('a contract edited behind the registrar, whatever digest the row claims', async () => {
		world.contract = { ...CONTRACT, callers: { roles: [], users: [], surfaces: ['rest'] } };
		expect((await ask(LAWFUL)).reason).toBe('GOVERNANCE_HOLD');
	});

	test.each([
		['an unknown keyword', { type: 'object', dontCheck: true }],
		['an unknown format', { type: 'object', properties: { node: { type: 'string', format: 'telepathic' } } }],
		['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }],
		['an asynchronous schema', { $async: true, type: 'object' }],
	])('a signed contract whose schema has %s', async (_what, input_schema) => {
		world.contract = { ...CONTRACT, input_schema };
		world.state = { kind: 'active', policy: policyFor(world.contract) };
		expect((await ask(LAWFUL)).reason).toBe('GOVERNANCE_HOLD');
	});
});

describe('an apply in the middle', () => {
	test('a newer policy in the database is read before deciding', async () => {
		world.generation = 2;
		world.refreshed = { kind: 'active', policy: policyFor(CONTRACT, 2) };
		expect((await ask(LAWFUL)).reason).toBeNull();
	});

	test('a node that cannot follow holds', async () => {
		world.generation = 2;
		expect((await ask(LAWFUL)).reason).toBe('GOVERNANCE_HOLD');
	});

	test('a database that went back to an older policy holds', async () => {
		world.state = { kind: 'active', policy: policyFor(CONTRACT, 2) };
		expect((await ask(LAWFUL)).reason).toBe('GOVERNANCE_HOLD');
	});
});

describe('when the ledgers fail', () => {
	test.each(['evidenceFails', 'claimFails', 'settleFails'] as const)(
		'%s: held, nothing accepted, no detail told',
		async (fault) => {
			world[fault] = true;
			for (const body of [LAWFUL, { ...LAWFUL, mode: 'REAL_RUN' }, { mode: 'nonsense' }]) {
				const answer = await ask(body);
				expect(answer.reason).not.toBeNull();
				expect(answer.json).not.toMatch(/disk full|connection lost/);
			}
			const answer = await ask(fault === 'evidenceFails' ? { mode: 'nonsense' } : { ...LAWFUL, correlation_id: 'c-2' });
			expect(refusalOf(answer)).toMatchObject({ reason: 'GOVERNANCE_HOLD', evidence: null });
			world.time += 120_000;
			world[fault] = false;
			expect((await ask(LAWFUL)).reason).toBeNull();
		},
	);
});

describe('floods', () => {
	test('strangers get one entry per address and minute, with a count', async () => {
		for (let index = 0; index < 500; index++) await ask(LAWFUL, { caller: null });
		expect(world.log).toHaveLength(1);
		world.time += 60_001;
		await ask(LAWFUL, { caller: null });
		await Promise.resolve();
		expect(world.log).toHaveLength(3);
		expect(world.log.map(({ entry }) => entry.facts.count)).toContain(499);
	});

	test('strangers with many addresses cannot fill the log', async () => {
		for (let index = 0; index < 1_000; index++) await ask(LAWFUL, { caller: null, address: `address-${index}` });
		expect(world.log.length).toBeLessThanOrEqual(65);
	});

	test('the rate of the contract holds per caller and leaves neither claims nor entries behind', async () => {
		world.contract = { ...CONTRACT, rate_per_minute: 3 };
		world.state = { kind: 'active', policy: policyFor(world.contract) };
		const reasons: (string | null)[] = [];
		for (let index = 0; index < 50; index++) reasons.push((await ask(fresh())).reason);
		expect(reasons.slice(0, 3)).toEqual([null, null, null]);
		expect(new Set(reasons.slice(3))).toEqual(new Set(['RATE_LIMITED']));
		expect(world.claims.size).toBe(3);
		expect(world.log).toHaveLength(4);
		const other = { ...CALLER, user: 'b0000000-0000-4000-8000-000000000002' };
		expect((await ask(fresh(), { caller: other })).reason).toBeNull();
		world.time += 60_001;
		expect((await ask(fresh())).reason).toBeNull();
	});
});

describe('whatever JSON arrives', () => {
	const nearly = fc.record(
		{
			tool: fc.oneof(fc.constantFrom('DOT_KG_EXPLAIN', 'DOT_C1_VOCAB_BUILD'), fc.jsonValue()),
			mode: fc.oneof(fc.constantFrom('PLAN_ONLY', 'DRY_RUN', 'REAL_RUN', 'plan_only', ' PLAN_ONLY'), fc.jsonValue()),
			correlation_id: fc.oneof(fc.uuid(), fc.jsonValue()),
			input: fc.oneof(fc.constantFrom({}, { node: 'x' }, { node: 1 }), fc.jsonValue()),
			grant: fc.oneof(fc.string(), fc.jsonValue()),
			extra: fc.jsonValue(),
		},
		{ requiredKeys: [] },
	);

	test('nothing is accepted but a lawful plan, and every refusal is recorded', async () => {
		await fc.assert(
			fc.asyncProperty(fc.oneof(nearly, fc.jsonValue()), async (body) => {
				const answer = await ask(body);
				if (answer.reason === null) {
					expect(body).toMatchObject({ tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY' });
					expect(
						Object.keys(body as object).every((key) =>
							['tool', 'mode', 'correlation_id', 'input', 'grant'].includes(key),
						),
					).toBe(true);
				} else {
					const { evidence, checks, next } = refusalOf(answer);
					expect(logged(evidence?.id)).toBeDefined();
					expect(JSON.stringify([checks, next])).not.toMatch(PROOF_WORDS);
				}
				expect(world.faults).toEqual([]);
			}),
			{ numRuns: 2_000 },
		);
	});
});
