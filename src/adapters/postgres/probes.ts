import pg from 'pg';

/** One write that was really tried and rolled back. `refused` only when a guard or a missing privilege said no. */
export interface ProbeResult {
	table: string;
	action: 'insert' | 'update' | 'delete' | 'truncate';
	layer: 'privilege' | 'guard';
	refused: boolean;
	observed: string;
}

const ACTIONS = ['insert', 'update', 'delete', 'truncate'] as const;

/** SQLSTATEs that are a refusal; any other error proves nothing. */
const REFUSALS = /^(42501|GD00\d)$/;

/**
 * Tries each kind of write on every governed table and rolls it back: once as Directus's role (is the privilege really
 * missing?) and once as the table's owner (does the trigger bite where privileges do not?). The caller's session must be
 * allowed to become both.
 */
export async function probeGuards(client: Pick<pg.Client, 'query'>, directusRole: string): Promise<ProbeResult[]> {
	const { rows } = await client.query<{ name: string; column: string }>(
		`select c.relname as name, a.attname as column
		from governance.governed_collections g
		join pg_catalog.pg_class c on c.relname = g.collection and c.relnamespace = 'public'::regnamespace
		join lateral (select attname from pg_catalog.pg_attribute
			where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum limit 1) a on true
		order by 1`,
	);
	const results: ProbeResult[] = [];
	await client.query('begin');
	try {
		for (const { name, column } of rows) {
			for (const action of ACTIONS) {
				const statement = statementOf(action, name, column);
				results.push({ table: name, action, layer: 'privilege', ...(await tryAs(client, directusRole, statement)) });
				results.push({ table: name, action, layer: 'guard', ...(await tryAs(client, 'governance_owner', statement)) });
			}
		}
	} finally {
		await client.query('rollback');
	}
	return results;
}

function statementOf(action: (typeof ACTIONS)[number], name: string, column: string): string {
	const table = `public.${pg.escapeIdentifier(name)}`;
	const key = pg.escapeIdentifier(column);
	switch (action) {
		case 'insert':
			return `insert into ${table} select * from ${table} where false`;
		case 'update':
			return `update ${table} set ${key} = ${key} where false`;
		case 'delete':
			return `delete from ${table} where false`;
		case 'truncate':
			return `truncate ${table} cascade`;
		default:
			return action satisfies never;
	}
}

async function tryAs(client: Pick<pg.Client, 'query'>, role: string, statement: string): Promise<{ refused: boolean; observed: string }> {
	await client.query('savepoint probe');
	try {
		await client.query(`set local role ${pg.escapeIdentifier(role)}`);
		await client.query(statement);
		return { refused: false, observed: 'the write went through (rolled back)' };
	} catch (error) {
		const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
		return { refused: REFUSALS.test(code), observed: error instanceof Error ? `${code} ${error.message}`.trim() : 'unknown error' };
	} finally {
		await client.query('rollback to savepoint probe; release savepoint probe');
	}
}
