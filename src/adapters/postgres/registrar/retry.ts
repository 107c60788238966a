import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

const ATTEMPTS = 8;

/** Longest pause before another attempt, in milliseconds; the real one is random, so that two do not meet again. */
const LONGEST_PAUSE_MS = 400;

/** Deadlock and serialization failure: PostgreSQL undid the transaction and asks for another try. */
const DISTURBED = new Set(['40P01', '40001']);

/**
 * Roles belong to the whole server, so installers in two databases of it can meet in one row of the catalogue, which
 * PostgreSQL reports as an internal error or as a duplicate key of a catalogue table instead of waiting.
 */
function wasDisturbed(error: unknown): boolean {
	if (!(error instanceof pg.DatabaseError)) return false;
	if (DISTURBED.has(error.code ?? '')) return true;
	if (error.code === 'XX000') return /^tuple concurrently (updated|deleted)/.test(error.message);
	return error.code === '23505' && error.schema === 'pg_catalog';
}

/** Runs a whole transaction again when another one got in its way. Any other error is thrown at once. */
export async function untilUndisturbed<T>(transaction: () => Promise<T>): Promise<T> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await transaction();
		} catch (error) {
			if (attempt === ATTEMPTS || !wasDisturbed(error)) throw error;
			await wait(Math.random() * LONGEST_PAUSE_MS);
		}
	}
}
