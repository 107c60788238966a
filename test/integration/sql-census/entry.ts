import type { Statement } from '../support/attempt.ts';

/**
 * `refused`: with 42501 or a guard's own code. `owner_can`: goes through, because Directus's role owns the thing; the next
 * plan says so. `harmless`: goes through and changes no governed row, column, guard or right.
 */
export type Expectation = 'refused' | 'owner_can' | 'harmless';

export interface SqlEntry {
	/** `what it is aimed at: the form`. */
	path: string;
	statement: Statement;
	separated: Expectation;
	single: Expectation;
	/** What the same statement does unguarded: to rows or structure, to rights elsewhere, or nothing (a form that finds no row). */
	effect: 'change' | 'power' | 'none';
}
