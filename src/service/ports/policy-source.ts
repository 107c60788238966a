/** The newest row of the policy table, as stored: nothing in it is trusted before its signature is checked. */
export interface PolicyRow {
	generation: number;
	jws: string;
}

/**
 * `uninstalled`: there is no schema `governance`. `missing`: there is, and it holds no policy. `unreadable`: the
 * database answered, and would not give it.
 */
export type PolicyReading =
	| { kind: 'row'; row: PolicyRow }
	| { kind: 'missing' }
	| { kind: 'uninstalled' }
	| { kind: 'unreadable'; sqlstate: string };

export interface PolicySource {
	/** Rejects when the database does not answer. */
	read(): Promise<PolicyReading>;
	/** Signed marks of applies that claim a later generation, as stored. Rejects when they cannot be read. */
	marksAbove(generation: number): Promise<string[]>;
	/** Calls `changed` after each apply, as soon as the database says so; reconnects by itself. Returns its end. */
	watch(changed: () => void): () => void;
}
