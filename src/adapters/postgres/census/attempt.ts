import pg from 'pg';
import type { CensusState } from '../../../contracts/census.ts';
import { identifier, type Sql } from '../registrar/session.ts';

/** A missing privilege, or one of our guards. */
export const REFUSED = /^(42501|GD00\d)$/;
/** One of our guards alone: for who has every privilege. */
export const GUARDED = /^GD00\d$/;
/** Somebody else's lock stood in the way: nothing was shown. */
const BUSY = /^(55P03|40P01|57014)$/;

export interface Tried {
	state: CensusState;
	observed: string;
}

/** Tries one statement as `role` inside the open transaction and undoes it, whatever became of it. */
export async function tryAs(client: Sql, role: string, sql: string, refusals: RegExp): Promise<Tried> {
	await client.query('savepoint census');
	try {
		await client.query(`set local role ${identifier(role)}`);
		await client.query(sql);
		return { state: 'not_refused', observed: 'went through, and was rolled back' };
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		const code = error.code ?? '';
		const observed = `${code} ${error.message}`.trim();
		if (refusals.test(code)) return { state: 'refused', observed };
		return { state: BUSY.test(code) ? 'not_demonstrated' : 'not_refused', observed };
	} finally {
		await client.query('rollback to savepoint census; release savepoint census');
	}
}
