import type { GenerationMark } from '../../contracts/generation-mark.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';

export type PolicyVerdict =
	| { kind: 'verified'; policy: PolicyDocument }
	| { kind: 'refused'; reason: 'POLICY_KEY_MISSING' | 'POLICY_SIGNATURE_INVALID' | 'POLICY_INVALID'; detail: string };

/** Says whether a compact JWS is a policy the operator signed. Never rejects. */
export interface PolicyVerifier {
	verify(jws: string): Promise<PolicyVerdict>;
	/** The generation an apply left its signed mark of, or null when the operator did not sign one. */
	readMark(jws: string): Promise<GenerationMark | null>;
}
