import { type Answer, at, call } from '../http.ts';
import type { WalkContext } from './row.ts';

let counter = 0;

/** A correlation id no other request of this walk used. */
export function correlationId(row: string): string {
	counter += 1;
	return `walk-${row}-${Date.now().toString(36)}-${counter}`;
}

/** `POST /governance/dispatch` as the agent principal. */
export function dispatch(context: WalkContext, body: unknown): Promise<Answer> {
	return call(`${context.directus_url}/governance/dispatch`, { method: 'POST', token: context.agent_token, body });
}

export function refusalReason(answer: Answer): string {
	return String(
		at(answer.body, 'errors', 0, 'extensions', 'reason') ??
			at(answer.body, 'errors', 0, 'extensions', 'code') ??
			'no reason',
	);
}

export function isRefused(answer: Answer): boolean {
	return (
		answer.status >= 400 &&
		answer.status < 500 &&
		at(answer.body, 'errors', 0, 'extensions', 'code') === 'DISPATCH_REFUSED'
	);
}

/** What a refusal must not carry: the word PASS, or a digest or a seal under whatever name. */
export function claimsIn(value: unknown): string[] {
	if (value === 'PASS' || (typeof value === 'string' && /\bPASS(ED)?\b/.test(value))) return ['PASS'];
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => [
		...(/^(digest|seal|result_digest|witness)$/i.test(key) ? [key] : []),
		...claimsIn(inner),
	]);
}
