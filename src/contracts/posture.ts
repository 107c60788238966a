import type { Gates, PolicyDocument } from './policy.ts';

/** A control, and whether a negative probe was really refused here. An untested one is never reported as safe. */
export interface PostureControl {
	id: string;
	state: 'demonstrated' | 'not_demonstrated' | 'failed';
	detail: string;
	/** When it was last tried (ISO 8601); null when it never was. */
	at: string | null;
}

export interface PostureAlarm {
	code:
		| 'HOLD'
		| 'GUARD_FAILED'
		| 'GATES_DIFFER'
		| 'GENERATION_DIFFERS'
		| 'NOT_SEPARATED'
		| 'FLOW_NOT_ALLOWED'
		| 'DATABASE_UNREADABLE';
	detail: string;
}

/** `data` of `GET /governance/posture`. Facts only; no verdict. */
export interface Posture {
	state: 'active' | 'hold' | 'uninstalled';
	hold: { reason: string; detail: string } | null;
	instance: PolicyDocument['instance'] | null;
	generation: number | null;
	gates: Gates | null;
	strength: { level: 'separated' | 'single-role' | 'superuser' | 'not_demonstrated'; weaknesses: string[] };
	governed: PolicyDocument['governed'];
	contracts: string[];
	executors: string[];
	controls: PostureControl[];
	alarms: PostureAlarm[];
	/** What this product cannot promise, in its own words. */
	limits: string[];
}

/** `data` of `GET /governance/health` while nothing holds. */
export interface GovernanceHealth {
	status: 'ok';
	generation: number;
}
