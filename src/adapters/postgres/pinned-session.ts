import type pg from 'pg';
import type { Pool } from 'pg';

export type Queries = Pick<pg.ClientBase, 'query'>;

/**
 * Runs `work` in a transaction that is always rolled back, with the search path pinned: Directus's role may set another
 * for itself, and a name must mean what PostgreSQL means by it. Rejects when the database cannot be asked.
 *
 * @param lockTimeoutMs how long one statement waits for a lock
 */
export async function rolledBack<T>(
	pool: Pick<Pool, 'connect'>,
	lockTimeoutMs: number,
	work: (client: Queries) => Promise<T>,
): Promise<T> {
	const client = await pool.connect();
	try {
		await client.query(
			`begin; set local search_path = pg_catalog, pg_temp; set local quote_all_identifiers = off;
			set local lock_timeout = ${lockTimeoutMs}`,
		);
		const result = await work(client);
		await client.query('rollback');
		client.release();
		return result;
	} catch (error) {
		// The connection may be inside a failed transaction: it must never go back to the pool.
		client.release(true);
		throw error;
	}
}
