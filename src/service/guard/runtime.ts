import type { EvidenceLog } from '../../contracts/evidence.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { PostureControl } from '../../contracts/posture.ts';

/** Why nothing proceeds until an operator acts. Closed: posture, health and dispatch match on it. */
export type HoldReason =
	| 'POLICY_LOADING'
	| 'POLICY_MISSING'
	| 'POLICY_UNREADABLE'
	| 'POLICY_KEY_MISSING'
	| 'POLICY_SIGNATURE_INVALID'
	| 'POLICY_INVALID'
	| 'POLICY_GENERATION_WENT_BACK'
	| 'GUARD_INCOMPLETE'
	| 'GUARD_NOT_REGISTERED'
	| 'GUARD_NOT_DEMONSTRATED'
	| 'DATABASE_GUARD_NOT_DEMONSTRATED'
	| 'STEWARD_WRAPPER_BROKEN'
	| 'RESTART_REQUIRED'
	| 'UNSUPPORTED_DATABASE';

/** `policy` of a hold is the last one verified: what stood there is still known to be governed. */
export type RuntimeState =
	| { kind: 'uninstalled' }
	| { kind: 'hold'; reason: HoldReason; detail: string; policy?: PolicyDocument }
	| { kind: 'active'; policy: PolicyDocument };

/** One negative probe of the in-process guard, tried in a transaction that is always rolled back. */
export interface ProbeResult {
	id: string;
	result: 'refused' | 'not_demonstrated' | 'passed_through';
	detail: string;
	at: string;
}

/** What every part of the bundle in this process shares. Created once; survives extension reloads. */
export interface Runtime {
	state(): RuntimeState;
	readonly evidence: EvidenceLog;
	/** Resolves when the first attempt to load the policy has ended, well or badly. Never rejects. */
	ready(): Promise<void>;
	/** Called after each change of state; returns the function that ends it. */
	onPolicy(listener: (state: RuntimeState) => void): () => void;
	/** What the last run of the probes saw; empty before the first. */
	probes(): readonly ProbeResult[];
	recordProbes(results: readonly ProbeResult[]): void;
	/** What the last look at the guards of the database saw; empty before the first. */
	databaseControls(): readonly PostureControl[];
	/** Looks at the catalogue and tries every probe in the database now. Never rejects. */
	testDatabase(): Promise<void>;
	/** Holds for a reason that lies outside the policy; `detail` null takes that reason back. */
	hold(reason: HoldReason, detail: string | null): void;
	/** Reads the policy again now. */
	refresh(): Promise<void>;
}
