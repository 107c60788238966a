import pg from 'pg';

/** How long the registrar waits for another operator or for a table lock before it gives up, in milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;

/** How long it waits for other operators' applies to end, in milliseconds: twenty may start at once. */
const REGISTRAR_TIMEOUT_MS = 180_000;

/** What a setting of the role or of the database could otherwise turn against the operator. */
const PINNED = [
	['search_path', 'pg_catalog, pg_temp'],
	['standard_conforming_strings', 'on'],
	['quote_all_identifiers', 'off'],
	['default_transaction_read_only', 'off'],
	['synchronous_commit', 'on'],
	['row_security', 'off'],
	['lock_timeout', LOCK_TIMEOUT_MS],
] as const;

export type Sql = Pick<pg.Client, 'query'>;

export const identifier = pg.escapeIdentifier;

/** Rows of one query, typed by the caller, who wrote its select list. */
export async function rowsOf<Row extends pg.QueryResultRow>(
	client: Sql,
	sql: string,
	values: unknown[] = [],
): Promise<Row[]> {
	return (await client.query<Row>(sql, values)).rows;
}

/**
 * Opens the operator's session. Its first statements pin what Directus's role could otherwise lean on: the search path
 * (a function planted in `public` must never be found), how literals are read, and durable commits.
 */
export async function openOperatorSession(connectionString: string): Promise<pg.Client> {
	const client = new pg.Client({ connectionString, connectionTimeoutMillis: 8_000, application_name: 'governed' });
	client.on('error', () => {});
	await client.connect();
	await client.query(PINNED.map(([name, value]) => `set ${name} = ${value}`).join('; '));
	return client;
}

/** Runs statements as another role, within the open transaction. */
export async function asRole<T>(client: Sql, role: string, work: () => Promise<T>): Promise<T> {
	await client.query(`set local role ${identifier(role)}`);
	const result = await work();
	await client.query('reset role');
	return result;
}

/** One registrar at a time in a database; the lock ends with the transaction. */
export async function lockRegistrar(client: Sql): Promise<void> {
	await client.query(`set local lock_timeout = ${REGISTRAR_TIMEOUT_MS}`);
	await client.query('select pg_advisory_xact_lock(7014233002)');
	await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
}

/** Who owns a table now; undefined where there is none. */
export async function ownerOf(client: Sql, qualified: string): Promise<string | undefined> {
	const [row] = await rowsOf<{ owner: string }>(
		client,
		'select pg_get_userbyid(relowner) as owner from pg_class where oid = to_regclass($1)',
		[qualified],
	);
	return row?.owner;
}
