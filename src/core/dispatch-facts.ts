import type { DispatchReason } from './reasons.ts';

/** The four posture switches, as the policy and as the database state them. */
export interface Switches {
	dispatch_enabled: boolean;
	dry_run_only: boolean;
	execute_enabled: boolean;
	real_run_enabled: boolean;
}

/** The input against the contract's JSON Schema. `faults` name fields, never values. */
export type InputFacts =
	| { kind: 'valid' }
	| { kind: 'invalid'; faults: readonly string[] }
	| { kind: 'too_large'; limit: number }
	| { kind: 'unusable_schema' };

/** What the executor says of this tool; `not_asked` until everything that can be decided without it is decided. */
export type ExecutorFacts =
	| { kind: 'not_asked' }
	| { kind: 'serves' }
	| { kind: 'not_served' }
	| { kind: 'undeclared' }
	| { kind: 'unreachable' | 'timeout' | 'invalid'; detail: string };

/** `registered`: the operator minted this very grant. */
export type GrantFacts = { kind: 'none' } | { kind: 'unregistered' } | { kind: 'registered' };

export interface ContractFacts {
	modes: readonly string[];
	side_effects: string;
	callers: '*' | { roles: readonly string[]; users: readonly string[]; surfaces: readonly string[] };
	/** Digest of the contract as the database holds it, recomputed. */
	digest: string;
	input: InputFacts;
}

/** Everything a decision depends on. `applied` is what the signed policy says, `found` what the database holds. */
export interface DispatchFacts {
	mode: 'PLAN_ONLY' | 'DRY_RUN';
	caller: { user: string | null; roles: readonly string[]; surface: 'rest' | 'mcp' };
	/** `namedByLane`: a lane of the signed policy names the tool, whether the operator registered it yet or not. */
	applied: { generation: number; gates: Switches; contractDigest: string | null; namedByLane: boolean };
	found: {
		generation: number | null;
		gates: Switches | null;
		tool: { status: string } | null;
		contract: ContractFacts | null;
	};
	grant: GrantFacts;
	executor: ExecutorFacts;
}

export interface DecisionCheck {
	name: string;
	result: 'ok' | 'failed' | 'skipped';
	detail: string;
}

export type DispatchDecision =
	| { kind: 'planned'; checks: DecisionCheck[] }
	/** Everything else holds: ask the executor and decide again. */
	| { kind: 'ask_executor'; checks: DecisionCheck[] }
	| { kind: 'refused'; reason: DispatchReason; checks: DecisionCheck[] };
