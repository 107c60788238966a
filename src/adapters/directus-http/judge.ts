import type { CensusState } from '../../contracts/census.ts';

export interface Judged {
	state: CensusState;
	observed: string;
}

/** The codes of a governed refusal, in an answer's extensions or, on MCP, in its text. Source: DESIGN.md §5. */
const REFUSED = /\b(GOVERNED_WRITE_DENIED|GOVERNED_STRUCTURE_LOCKED|FLOW_NOT_ALLOWED|GOVERNANCE_HOLD)\b|\[DENIED\]/;

/** Directus turned the caller away before anybody looked at the write. */
const NOT_LET_IN =
	/\b(FORBIDDEN|INVALID_TOKEN|TOKEN_EXPIRED|INVALID_CREDENTIALS|AUTH_FAILED|ROUTE_NOT_FOUND|REQUESTS_EXCEEDED|GRAPHQL_VALIDATION|LIMIT_EXCEEDED)\b/;

const LONGEST = 160;

/**
 * What an answer shows. Only a governed refusal is one: every other answer means that the request came past the guard,
 * harmless as it was, unless Directus turned the caller away first.
 */
export function judge(answer: unknown, status?: number): Judged {
	const text = typeof answer === 'string' ? answer : JSON.stringify(answer ?? null);
	const observed = `${status ?? ''} ${text}`.trim().slice(0, LONGEST);
	if (REFUSED.test(text)) return { state: 'refused', observed: REFUSED.exec(text)?.[0] ?? '' };
	if (NOT_LET_IN.test(text) || status === 401 || status === 404 || status === 429)
		return { state: 'not_demonstrated', observed: `Directus answered first: ${observed}` };
	return { state: 'not_refused', observed };
}

export const unreachable = (error: unknown): Judged => ({
	state: 'not_demonstrated',
	observed: `no answer: ${error instanceof Error ? error.message : 'unknown error'}`,
});
