import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { readEvidenceQuery } from '../../src/adapters/directus/http/evidence-query.ts';
import type { HttpRequest } from '../../src/adapters/directus/http/exchange-types.ts';
import { statusOf } from '../../src/adapters/directus/http/reason-status.ts';
import { bodyBytes, requesterOf } from '../../src/adapters/directus/http/requester.ts';
import { sendAnswer } from '../../src/adapters/directus/http/respond.ts';
import { DISPATCH_REASONS } from '../../src/core/reasons.ts';

const request = (accountability: object | null | undefined, more: object = {}) =>
	({ accountability, socket: { remoteAddress: '10.0.0.1' }, headers: {}, ...more }) as unknown as HttpRequest;

/** Source: the table of DESIGN.md §5. */
const STATUSES: Record<number, string> = {
	400: 'INVALID_REQUEST INVALID_MODE INVALID_CORRELATION_ID INPUT_SCHEMA_MISMATCH',
	401: 'UNAUTHENTICATED',
	403: 'REAL_RUN_REFUSED GATE_CLOSED CALLER_NOT_IN_CONTRACT MODE_NOT_IN_CONTRACT SIDE_EFFECTS_DECLARED GRANT_REQUIRED GRANT_INVALID GRANT_EXPIRED GRANT_EXHAUSTED GRANT_REVOKED GRANT_SCOPE_MISMATCH',
	404: 'UNKNOWN_TOOL NO_AGENT_API_CONTRACT',
	409: 'CORRELATION_ID_REUSED CORRELATION_ID_IN_PROGRESS MUTATION_DETECTED CONTENDED',
	413: 'PAYLOAD_TOO_LARGE',
	429: 'RATE_LIMITED',
	502: 'EXECUTOR_INVALID_RESPONSE',
	503: 'ENDPOINT_ABSENT EXECUTOR_UNREACHABLE GOVERNANCE_HOLD',
	504: 'EXECUTOR_TIMEOUT',
};

test('every reason has the status of the design', () => {
	const expected = Object.entries(STATUSES).flatMap(([status, reasons]) =>
		reasons.split(' ').map((reason) => [reason, Number(status)]),
	);
	expect(Object.fromEntries(DISPATCH_REASONS.map((reason) => [reason, statusOf(reason)]))).toEqual(
		Object.fromEntries(expected),
	);
	expect(statusOf(null)).toBe(200);
});

describe('who asks', () => {
	test.each([
		['nothing', undefined],
		['null', null],
		['the public', { user: null, role: null, admin: false }],
		['a share, whatever role it carries', { user: null, role: 'r', roles: ['r'], share: 's' }],
		['a share of an admin', { user: 'u', role: 'r', admin: true, share: 's' }],
	])('%s is nobody', (_what, accountability) => {
		expect(requesterOf(request(accountability)).caller).toBeNull();
	});

	test('a user is the user', () => {
		expect(requesterOf(request({ user: 'u', role: 'r', roles: ['r', 'parent'], admin: true })).caller).toEqual({
			user: 'u',
			role: 'r',
			roles: ['r', 'parent'],
			admin: true,
		});
	});

	test('an address is told apart and never told', () => {
		const [one, same, other] = ['192.0.2.7', '192.0.2.7', '192.0.2.8'].map(
			(ip) => requesterOf(request({ user: null, role: null, ip })).address,
		);
		expect(one).toBe(same);
		expect(one).not.toBe(other);
		expect(one).toMatch(/^[0-9a-f]{16}$/);
	});
});

test('the size is what was parsed, else what was announced', () => {
	expect(bodyBytes(request(null, { rawBody: Buffer.alloc(9), headers: { 'content-length': '3' } }))).toBe(9);
	expect(bodyBytes(request(null, { headers: { 'content-length': '70000' } }))).toBe(70_000);
	expect(bodyBytes(request(null, { headers: { 'content-length': 'many' } }))).toBe(0);
});

test('an answer is sent as it was stored', () => {
	const sent: { status: number; text: string }[] = [];
	const response = {
		statusCode: 0,
		setHeader: () => undefined,
		end: (text: string) => sent.push({ status: response.statusCode, text }),
	} as unknown as ServerResponse;
	sendAnswer(response, { v: 1, reason: null, message: null, json: '{"b":1, "a":2}' });
	sendAnswer(response, { v: 1, reason: 'RATE_LIMITED', message: 'a "b"', json: '{"code":"X"}' });
	expect(sent).toEqual([
		{ status: 200, text: '{"data":{"b":1, "a":2}}' },
		{ status: 429, text: '{"errors":[{"message":"a \\"b\\"","extensions":{"code":"X"}}]}' },
	]);
});

describe('the query of evidence', () => {
	test('has defaults', () => {
		expect(readEvidenceQuery({})).toEqual({
			kind: 'ok',
			query: { limit: 50, before: null, kind: null, surface: null },
		});
	});

	test.each([
		{ limit: '0' },
		{ limit: '201' },
		{ limit: ['1', '2'] },
		{ before: '-1' },
		{ before: '1.5' },
		{ kind: 'x' },
		{ surface: {} },
	])('%j is faulty', (query) => expect(readEvidenceQuery(query).kind).toBe('faulty'));
});
