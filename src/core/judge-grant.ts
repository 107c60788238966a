import type { DispatchReason } from './reasons.ts';

/** A grant whose signature was verified, as plain data. `exp` is in seconds since the epoch. */
export interface SignedGrant {
	iss: string;
	aud: string;
	sub: string;
	jti: string;
	exp: number;
	tool: string;
	modes: readonly string[];
	contract: string;
	max_uses: number;
}

/** What the ledger says of it; null when the operator registered no such grant. */
export interface RegisteredGrant {
	id: string;
	revoked: boolean;
	uses: number;
}

/** What somebody wants to use it for. `now` is in seconds since the epoch. */
export interface GrantUse {
	/** Every name the caller goes by: their user, each of their roles, the flow that asks. */
	callers: readonly string[];
	tool: string;
	mode: string;
	contract: string;
	instance: { id: string; environment: string };
	now: number;
}

export type GrantReason = Extract<DispatchReason, `GRANT_${string}`>;

type Rule = readonly [broken: (grant: SignedGrant, use: GrantUse) => boolean, detail: string];

/** In the order they are told: nothing here depends on the caller guessing. */
const SCOPE: readonly Rule[] = [
	[(grant, use) => grant.iss !== use.instance.id, 'minted for another instance'],
	[(grant, use) => grant.aud !== use.instance.environment, 'minted for another environment'],
	[(grant, use) => !use.callers.includes(grant.sub), 'minted for another caller'],
	[(grant, use) => grant.tool !== use.tool, 'minted for another tool'],
	[(grant, use) => !grant.modes.includes(use.mode), 'does not name this mode'],
	[(grant, use) => grant.contract !== use.contract, 'minted for another version of the contract'],
];

/**
 * Whether a verified grant covers one use, and why not. Pure. The ledger's word on revocation and uses is taken again, under a
 * lock, when the use is counted: what this says may be a moment old.
 */
export function judgeGrant(
	grant: SignedGrant,
	registered: RegisteredGrant | null,
	use: GrantUse,
): { reason: GrantReason; detail: string } | null {
	if (registered === null || registered.id !== grant.jti) {
		return { reason: 'GRANT_INVALID', detail: 'no such grant is registered' };
	}
	const broken = SCOPE.find(([isBroken]) => isBroken(grant, use));
	if (broken) return { reason: 'GRANT_SCOPE_MISMATCH', detail: broken[1] };
	if (registered.revoked) return { reason: 'GRANT_REVOKED', detail: 'the operator took it back' };
	if (grant.exp <= use.now) return { reason: 'GRANT_EXPIRED', detail: 'its time is over' };
	if (registered.uses >= grant.max_uses) return { reason: 'GRANT_EXHAUSTED', detail: 'every use of it was taken' };
	return null;
}
