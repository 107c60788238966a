import pg from 'pg';
import type { CensusProbe } from '../../../contracts/census.ts';
import { identifier, rowsOf, type Sql } from '../registrar/session.ts';
import { REFUSED, tryAs } from './attempt.ts';
import { type CensusTable, rowStatements } from './statements.ts';

/**
 * Every other login of the server that may connect here, and the reader. The operator becomes it for this transaction where
 * it may; where it may not, nothing is shown of that login. Superusers are left out: they can take any guard away.
 */
export async function loginProbes(
	client: Sql,
	tables: readonly CensusTable[],
	directusRole: string,
): Promise<CensusProbe[]> {
	const logins = await rowsOf<{ name: string }>(
		client,
		`select rolname as name from pg_roles where (rolcanlogin or rolname = 'governance_reader') and not rolsuper
			and rolname not in (current_user, $1) and rolname !~ '^pg_' and has_database_privilege(oid, current_database(), 'CONNECT') order by 1`,
		[directusRole],
	);
	const probes: CensusProbe[] = [];
	for (const { name } of logins) probes.push(...(await probesOf(client, name, tables)));
	return probes;
}

async function probesOf(client: Sql, login: string, tables: readonly CensusTable[]): Promise<CensusProbe[]> {
	const about = { surface: 'database.logins' as const, actor: login };
	await client.query('savepoint login');
	try {
		if (!(await become(client, login))) {
			const observed = `this operator may not become it; to have it tried: grant ${identifier(login)} to the operator`;
			return [{ ...about, subject: 'all', request: 'any', state: 'not_demonstrated', observed }];
		}
		const probes: CensusProbe[] = [];
		for (const table of tables) {
			for (const { request, sql } of rowStatements(table)) {
				probes.push({ ...about, subject: table.label, request, ...(await tryAs(client, login, sql, REFUSED)) });
			}
		}
		return probes;
	} finally {
		await client.query('rollback to savepoint login; release savepoint login');
	}
}

/** The membership goes with the savepoint. */
async function become(client: Sql, login: string): Promise<boolean> {
	const [server] = await rowsOf<{ modern: boolean }>(
		client,
		`select current_setting('server_version_num')::int >= 160000 as modern`,
	);
	const options = server?.modern ? ' with set true, inherit false' : '';
	await client.query('savepoint become');
	try {
		await client.query(`set local role ${identifier(login)}; reset role`);
		return true;
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		await client.query('rollback to savepoint become');
	}
	try {
		await client.query(
			`grant ${identifier(login)} to current_user${options}; set local role ${identifier(login)}; reset role`,
		);
		return true;
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		await client.query('rollback to savepoint become');
		return false;
	}
}
