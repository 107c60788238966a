import type { EvidenceEntry } from '../../contracts/evidence.ts';
import type { Switches } from '../../core/dispatch-facts.ts';
import type { DispatchReason } from '../../core/reasons.ts';

/** One dispatch to be claimed. `request_digest` covers everything that makes it the same request. */
export interface ClaimRequest {
	caller: string;
	correlation_id: string;
	request_digest: string;
	lease_ms: number;
}

/** What is stored of an answer; `json` is the exact text of the accepted data or of the refusal. */
export interface RecordedAnswer {
	v: 1;
	reason: DispatchReason | null;
	message: string | null;
	json: string;
}

export type ClaimResult =
	| { status: 'claimed'; token: string }
	| { status: 'recorded'; answer: RecordedAnswer }
	| { status: 'in_progress' }
	| { status: 'reused' };

/** What the decision reads, all from one read-only snapshot. `contract` is the row as JSON text. */
export interface RegistrySnapshot {
	generation: number | null;
	gates: Switches | null;
	tools: ReadonlyMap<string, { status: string; contract: string | null }>;
	/** Of the token hashes asked for, those the operator registered. */
	grants: ReadonlySet<string>;
}

/** What one dispatch asks of the registry. */
export interface RegistryQuestion {
	tool: string;
	grantHash: string | null;
}

export interface Settlement {
	token: string;
	answer: RecordedAnswer;
	evidence: { id: string; entry: EvidenceEntry };
}

/** The ledgers and the registry. Every function rejects when the database did not confirm. */
export interface DispatchStore {
	/** Claims first, in a transaction of its own; then reads the registry in a `READ ONLY REPEATABLE READ` one. */
	claimAndRead(
		items: readonly { claim: ClaimRequest; question: RegistryQuestion }[],
	): Promise<{ claims: readonly ClaimResult[]; registry: RegistrySnapshot }>;
	read(questions: readonly RegistryQuestion[]): Promise<RegistrySnapshot>;
	/** Evidence and answers in one commit. `false`: another node took the claim over, nothing was stored of that item. */
	settle(items: readonly Settlement[]): Promise<readonly boolean[]>;
}

/** What differs from run to run, and where faults are told. Times are milliseconds since the epoch. */
export interface DispatchSystem {
	now(): number;
	newId(): string;
	wait(milliseconds: number): Promise<void>;
	/** Told what broke, for the operator's log; callers never learn it. */
	onFault(error: unknown): void;
}
