/**
 * A value PostgreSQL stores in no column and finds in no key: it holds a NUL character. A request that carries it and is not
 * refused fails at the first statement that would use it, before a row is found, whatever the column's type.
 */
export const IMPOSSIBLE = 'governed census \u0000';

/** A governed collection Directus shows, as the requests need it. */
export interface CensusCollection {
	name: string;
	key: string;
	/** Directus would renumber the rows before it looked at the ones to be moved. */
	sorted: boolean;
}
