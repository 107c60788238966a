import { randomUUID } from 'node:crypto';
import { createDirectus, rest, staticToken } from '@directus/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call } from '../../instance/http.ts';
import {
	dispatch,
	isDispatchRefusal,
	readEvidence,
	readEvidenceEntry,
	readGovernanceHealth,
	readPosture,
} from '../../src/sdk/index.ts';
import { type DispatchInstance, PROOF_WORDS, refusalOf, startDispatchInstance } from './support/dispatch-instance.ts';

let instance: DispatchInstance;
beforeAll(async () => {
	instance = await startDispatchInstance(inject('cluster'));
});
afterAll(async () => instance?.stop());

const client = (token: string) => createDirectus(instance.url).with(staticToken(token)).with(rest());
const plan = (changes: object = {}) => ({
	tool: 'DOT_KG_EXPLAIN',
	mode: 'PLAN_ONLY' as const,
	correlation_id: randomUUID(),
	...changes,
});
const countEvidence = async () =>
	Number((await instance.sql<{ n: string }>('select count(*) as n from governance_evidence'))[0]?.n);

describe('a lawful plan', () => {
	test('is accepted for an agent, with its evidence on disk before the answer', async () => {
		const request = plan({ input: { node: 'dot_tools' } });
		const answer = await client(instance.agentToken).request(dispatch(request));
		expect(answer).toMatchObject({
			outcome: 'PLANNED',
			tool: 'DOT_KG_EXPLAIN',
			mode: 'PLAN_ONLY',
			correlation_id: request.correlation_id,
			validated: true,
			endpoint_present: true,
			true_dry_run_possible: true,
			gates: { dispatch_enabled: true, dry_run_only: true, execute_enabled: false, real_run_enabled: false },
			contract: { version: '1.0.0', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
			plan: { executor: 'true', side_effects: 'none' },
		});
		const entry = await client(instance.adminToken).request(readEvidenceEntry(answer.evidence.id));
		expect(entry.body).toMatchObject({
			kind: 'dispatch',
			surface: 'rest',
			actor: { kind: 'agent' },
			tool: 'DOT_KG_EXPLAIN',
			correlation_id: request.correlation_id,
			instance: { environment: 'test' },
		});
	});

	test('repeated, answers byte for byte the same and records nothing more', async () => {
		const request = plan();
		const first = await instance.dispatch(request);
		const before = await countEvidence();
		const { mode, tool, correlation_id } = request;
		expect((await instance.dispatch({ mode, correlation_id, tool })).text).toBe(first.text);
		expect(await countEvidence()).toBe(before);
	});

	test('sent 40 times at once, is decided once', async () => {
		const request = plan();
		const before = await countEvidence();
		const answers = await Promise.all(Array.from({ length: 40 }, () => instance.dispatch(request)));
		expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
		expect(answers[0]?.status).toBe(200);
		expect(await countEvidence()).toBe(before + 1);
	});

	test('200 different ones at once are all answered and all recorded', async () => {
		const before = await countEvidence();
		const answers = await Promise.all(Array.from({ length: 200 }, () => instance.dispatch(plan())));
		expect(answers.every(({ status }) => status === 200)).toBe(true);
		expect(await countEvidence()).toBe(before + 200);
	});
});

describe('refusals', () => {
	const big = { node: 'x'.repeat(70_000) };
	test.each([
		['REAL_RUN', { mode: 'REAL_RUN' }, 403, 'REAL_RUN_REFUSED'],
		['REAL_RUN of an unknown tool', { mode: 'REAL_RUN', tool: 'NOWHERE', extra: true }, 403, 'REAL_RUN_REFUSED'],
		['real_run', { mode: 'real_run' }, 400, 'INVALID_MODE'],
		['an invented mode', { mode: 'EXECUTE' }, 400, 'INVALID_MODE'],
		['an empty correlation id', { correlation_id: '' }, 400, 'INVALID_CORRELATION_ID'],
		['an extra field', { force: true }, 400, 'INVALID_REQUEST'],
		['a wrong type', { tool: 7 }, 400, 'INVALID_REQUEST'],
		['an oversized body', { input: big }, 413, 'PAYLOAD_TOO_LARGE'],
		['an oversized real run', { mode: 'REAL_RUN', input: big }, 413, 'PAYLOAD_TOO_LARGE'],
		['an unknown code', { tool: 'DOT_NOWHERE' }, 404, 'UNKNOWN_TOOL'],
		['SQL as a code', { tool: "'); drop table dot_tools; --" }, 404, 'UNKNOWN_TOOL'],
		['a tool without contract', { tool: 'DOT_UNCONTRACTED' }, 404, 'NO_AGENT_API_CONTRACT'],
		['a tool only a lane names', { tool: 'DOT_C1_VOCAB_BUILD' }, 404, 'NO_AGENT_API_CONTRACT'],
		['a mode the contract lacks', { tool: 'DOT_DRY_ONLY' }, 403, 'MODE_NOT_IN_CONTRACT'],
		['an admin the contract does not name', { tool: 'DOT_AGENT_ONLY' }, 403, 'CALLER_NOT_IN_CONTRACT'],
		['a surface the contract does not name', { tool: 'DOT_MCP_ONLY' }, 403, 'CALLER_NOT_IN_CONTRACT'],
		['a wrong input', { input: { node: 7 } }, 400, 'INPUT_SCHEMA_MISMATCH'],
		[
			'an input over the limit of its contract',
			{ tool: 'DOT_SMALL', input: { node: 'abcdef' } },
			413,
			'PAYLOAD_TOO_LARGE',
		],
		['a dry run without grant', { mode: 'DRY_RUN' }, 403, 'GRANT_REQUIRED'],
		['a dry run with a made-up grant', { mode: 'DRY_RUN', grant: 'canary-grant-7f3a' }, 403, 'GRANT_INVALID'],
		['a tool no executor serves', { tool: 'DOT_INVENTORY' }, 503, 'ENDPOINT_ABSENT'],
		['a dead executor', { tool: 'DOT_DEAD' }, 503, 'EXECUTOR_UNREACHABLE'],
		['a lying executor', { tool: 'DOT_LYING' }, 502, 'EXECUTOR_INVALID_RESPONSE'],
		['a silent executor', { tool: 'DOT_SILENT' }, 504, 'EXECUTOR_TIMEOUT'],
	])('%s', async (_what, changes, status, reason) => {
		const before = await instance.governedRows();
		const request = plan(changes);
		const answer = await instance.dispatch(request);
		const refusal = refusalOf(answer);
		expect({ status: answer.status, reason: refusal.reason }).toEqual({ status, reason });
		expect(answer.body).toMatchObject({ errors: [{ message: expect.stringMatching(/^\[REFUSED\] /) }] });
		expect(refusal).toMatchObject({ code: 'DISPATCH_REFUSED', next: expect.stringMatching(/\S/) });
		expect(answer.text).not.toMatch(PROOF_WORDS);
		const [entry] = await instance.sql<{ body: string }>(
			"select convert_from(body, 'UTF8') as body from governance_evidence where id = $1",
			[refusal.evidence?.id],
		);
		expect(JSON.parse(entry?.body ?? 'null')).toMatchObject({ kind: 'refusal', reason, surface: 'rest' });
		expect(entry?.body).not.toMatch(/canary|drop table|abcdef/);
		expect(await instance.governedRows()).toBe(before);
	});

	test('the client tells a refusal from any other error', async () => {
		const refused = await client(instance.adminToken)
			.request(dispatch(plan({ tool: 'DOT_INVENTORY' })))
			.catch((error: unknown) => error);
		expect(isDispatchRefusal(refused) && refused.errors[0].extensions.reason).toBe('ENDPOINT_ABSENT');
		expect(isDispatchRefusal(new Error('other'))).toBe(false);
		expect(isDispatchRefusal(null)).toBe(false);
	});

	test('nobody and a wrong token are refused, and cannot fill the log', async () => {
		const nobody = await instance.dispatch(plan(), null);
		expect([nobody.status, refusalOf(nobody).reason]).toEqual([401, 'UNAUTHENTICATED']);
		expect((await instance.dispatch(plan(), 'wrong-token')).status).toBe(401);
		const before = await countEvidence();
		for (let index = 0; index < 20; index++) expect((await instance.dispatch(plan(), null)).status).toBe(401);
		expect(await countEvidence()).toBeLessThanOrEqual(before + 1);
	});

	test('what is not JSON keeps the shape of Directus and is no server error', async () => {
		const answer = await call(`${instance.url}/governance/dispatch`, {
			method: 'POST',
			raw: '{"mode":"PLAN_ONLY"',
			token: instance.adminToken,
		});
		expect(answer.status).toBe(400);
	});

	test('more requests than the contract allows in a minute', async () => {
		const answers = [];
		for (let index = 0; index < 4; index++) answers.push(await instance.dispatch(plan({ tool: 'DOT_RARE' })));
		const reasons = answers.map((answer) => [answer.status, refusalOf(answer).reason]);
		expect(reasons).toEqual([
			[503, 'ENDPOINT_ABSENT'],
			[503, 'ENDPOINT_ABSENT'],
			[429, 'RATE_LIMITED'],
			[429, 'RATE_LIMITED'],
		]);
	});
});

describe('reading', () => {
	test('posture says what holds and calls nothing untested safe', async () => {
		const posture = await client(instance.agentToken).request(readPosture());
		expect(posture).toMatchObject({
			state: 'active',
			hold: null,
			instance: { environment: 'test' },
			gates: { dispatch_enabled: true, execute_enabled: false },
			strength: { level: 'separated' },
		});
		expect(posture.governed.map(({ collection }) => collection)).toContain('governance_canonical_operation_vocab');
		const stateOf = (id: string) => posture.controls.find((control) => control.id === id)?.state;
		for (const action of ['insert', 'update', 'delete', 'truncate'])
			expect(stateOf(`database.${action}`)).toBe('demonstrated');
		for (const surface of ['rest', 'graphql', 'ws', 'mcp']) expect(stateOf(surface)).not.toBe('demonstrated');
		expect(posture.controls.filter(({ state, at }) => state === 'demonstrated' && at === null)).toEqual([]);
		expect(posture.limits.length).toBeGreaterThan(0);
	});

	test('health answers everybody who is signed in', async () => {
		expect(await client(instance.agentToken).request(readGovernanceHealth())).toMatchObject({ status: 'ok' });
		expect((await instance.get('/governance/health', null)).status).toBe(401);
	});

	test('evidence is paged, filtered and for admins', async () => {
		await instance.dispatch(plan());
		await instance.dispatch(plan({ mode: 'REAL_RUN' }));
		const admin = client(instance.adminToken);
		const newest = await admin.request(readEvidence({ limit: 2 }));
		expect(newest.entries).toHaveLength(2);
		const older = await admin.request(readEvidence({ limit: 2, before: newest.next_before ?? 0 }));
		expect(older.entries[0]?.index).toBe((newest.entries[1]?.index ?? 0) - 1);
		const refusals = await admin.request(readEvidence({ kind: 'refusal', surface: 'rest' }));
		expect(refusals.entries.every(({ body }) => body.kind === 'refusal' && body.surface === 'rest')).toBe(true);

		for (const path of ['/governance/evidence', `/governance/evidence/${newest.entries[0]?.id}`]) {
			expect((await instance.get(path, instance.editorToken)).status).toBe(403);
			expect((await instance.get(path, null)).status).toBe(401);
		}
	});

	test.each([
		['/governance/evidence?limit=0', 400],
		['/governance/evidence?limit=100000', 400],
		['/governance/evidence?before=x', 400],
		["/governance/evidence?kind=' or 1=1 --", 400],
		['/governance/evidence/none', 404],
		[`/governance/evidence/${randomUUID()}`, 404],
	])('%s answers %i', async (path, status) => {
		expect((await instance.get(path)).status).toBe(status);
	});
});

describe('whatever JSON is thrown at it', () => {
	const nearly = fc.record(
		{
			tool: fc.oneof(fc.constantFrom('DOT_KG_EXPLAIN', 'DOT_INVENTORY', 'DOT_UNCONTRACTED'), fc.jsonValue()),
			mode: fc.oneof(fc.constantFrom('PLAN_ONLY', 'DRY_RUN', 'REAL_RUN', 'plan_only', ' PLAN_ONLY'), fc.jsonValue()),
			correlation_id: fc.oneof(fc.uuid(), fc.jsonValue()),
			input: fc.oneof(fc.constantFrom({}, { node: 'x' }, { node: 1 }), fc.jsonValue()),
			grant: fc.oneof(fc.string(), fc.jsonValue()),
			extra: fc.jsonValue(),
		},
		{ requiredKeys: [] },
	);
	const words = (value: unknown) => JSON.stringify(value) ?? '';

	test('only lawful plans are accepted, nothing is a server error, no governed row changes', async () => {
		const before = await instance.governedRows();
		await fc.assert(
			fc.asyncProperty(fc.oneof(nearly, fc.jsonValue()), async (body) => {
				const answer = await instance.dispatch(body);
				expect(answer.status).not.toBe(500);
				if (answer.status < 300) {
					expect(body).toMatchObject({ tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY' });
					return;
				}
				const refusal = refusalOf(answer);
				// A body of one JSON scalar is refused by Directus's own parser, in its own shape.
				if (refusal.code !== 'DISPATCH_REFUSED') expect(body === null || typeof body !== 'object').toBe(true);
				else if (!PROOF_WORDS.test(words(body))) expect(answer.text).not.toMatch(PROOF_WORDS);
				else expect(words([refusal.checks, refusal.next])).not.toMatch(PROOF_WORDS);
			}),
			{ numRuns: 400 },
		);
		expect(await instance.governedRows()).toBe(before);
	});
});
