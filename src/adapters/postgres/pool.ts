import pg from 'pg';

const MAX_CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

/** What `pg` takes as a connection: a URL, or host, port, user and so on. */
export type ConnectionSettings = string | Record<string, unknown>;

/** `pg`'s own shape of `settings`, with limits that keep a stuck database from holding a refusal for ever. */
export function clientConfig(settings: ConnectionSettings): pg.ClientConfig {
	const target = typeof settings === 'string' ? { connectionString: settings } : settings;

	return {
		...target,
		application_name: 'governed-dispatch',
		connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
		statement_timeout: STATEMENT_TIMEOUT_MS,
		keepAlive: true,
	};
}

/**
 * A small pool of the bundle's own. Refusals and claims must not wait for Directus's pool, which the refused write may
 * be holding. Errors of idle clients are swallowed here: the next query reports them.
 */
export function openPool(settings: ConnectionSettings): pg.Pool {
	const pool = new pg.Pool({ ...clientConfig(settings), max: MAX_CONNECTIONS, allowExitOnIdle: true });
	pool.on('error', () => undefined);
	return pool;
}
