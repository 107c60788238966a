import type { Answer } from '../http.ts';
import { claimsIn, correlationId, dispatch, isRefused, refusalReason } from './dispatch.ts';
import { combine, type Row } from './row.ts';

interface Case {
	readonly name: string;
	readonly reason: string;
	readonly status: number;
	body(): unknown;
}

const valid = () => ({
	tool: 'DOT_KG_EXPLAIN',
	mode: 'PLAN_ONLY',
	correlation_id: correlationId('e10'),
	input: { node: 'tool:DOT_KG_EXPLAIN' },
});

/** Larger than any contract's `max_input_bytes`, smaller than the body Directus itself rejects (1 MB). */
const OVERSIZED_BYTES = 400_000;

const CASES: readonly Case[] = [
	{ name: 'REAL_RUN', status: 403, reason: 'REAL_RUN_REFUSED', body: () => ({ ...valid(), mode: 'REAL_RUN' }) },
	{ name: 'REAL_RUN, otherwise empty', status: 403, reason: 'REAL_RUN_REFUSED', body: () => ({ mode: 'REAL_RUN' }) },
	{ name: 'invalid mode', status: 400, reason: 'INVALID_MODE', body: () => ({ ...valid(), mode: 'EXECUTE' }) },
	{
		name: 'empty correlation id',
		status: 400,
		reason: 'INVALID_CORRELATION_ID',
		body: () => ({ ...valid(), correlation_id: '' }),
	},
	{
		name: 'unknown code',
		status: 404,
		reason: 'UNKNOWN_TOOL',
		body: () => ({ ...valid(), tool: 'DOT_DOES_NOT_EXIST' }),
	},
	{ name: 'extra field', status: 400, reason: 'INVALID_REQUEST', body: () => ({ ...valid(), force: true }) },
	{ name: 'wrong type', status: 400, reason: 'INVALID_REQUEST', body: () => ({ ...valid(), tool: 42 }) },
	{
		name: 'oversized body',
		status: 413,
		reason: 'PAYLOAD_TOO_LARGE',
		body: () => ({ ...valid(), input: { node: 'x'.repeat(OVERSIZED_BYTES) } }),
	},
];

function judge({ name, status, reason }: Case, answer: Answer) {
	const claims = claimsIn(answer.body);
	const ok = isRefused(answer) && answer.status === status && refusalReason(answer) === reason && claims.length === 0;
	const observed = `${answer.status} ${refusalReason(answer)}${claims.length > 0 ? `, but carries ${claims.join(', ')}` : ''}`;
	return { name, observed, ok };
}

export const badInput: Row = {
	id: 'E10',
	title: 'Bad input is refused',
	tried: CASES.map(({ name }) => name).join(', '),
	expected: `${CASES.map(({ reason }) => reason).join(', ')}; no PASS, digest or seal in any answer`,
	async run(context) {
		return combine(await Promise.all(CASES.map(async (one) => judge(one, await dispatch(context, one.body())))));
	},
};
