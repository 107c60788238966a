import type { DispatchReason } from '../core/reasons.ts';

/** One dry run that somebody presents a grant for. */
export interface GrantQuestion {
	/** The bearer token, as sent. */
	grant: string;
	tool: string;
	correlationId: string;
}

export type GrantReason = Extract<DispatchReason, `GRANT_${string}`>;

export type GrantVerdict = { ok: true } | { ok: false; reason: GrantReason; detail: string };

/** Decides whether a grant covers a dry run. Rejecting counts as a refusal: a verifier that fails lets nothing through. */
export type VerifyGrant = (question: GrantQuestion) => Promise<GrantVerdict>;

const BEARER = /^bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** Longest grant a dispatch may carry. Source: src/contracts/dispatch.ts. */
const MAX_GRANT = 8_192;

/** The grant of an `Authorization` header, or the reason why there is none. */
export function bearerGrant(header: string | undefined): { grant: string } | { reason: GrantReason } {
	if (header === undefined || header === '') return { reason: 'GRANT_REQUIRED' };
	const grant = BEARER.exec(header)?.[1];
	if (grant === undefined || grant.length > MAX_GRANT) return { reason: 'GRANT_INVALID' };
	return { grant };
}
