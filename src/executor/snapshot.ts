import pg from 'pg';
import type { Read } from './tools/tool.ts';

/** Why nothing could be computed. `not_safe`: the database says that this connection could write governed data. */
export interface SnapshotFailure {
	kind: 'unreachable' | 'not_installed' | 'not_safe' | 'timeout';
	detail: string;
}

export interface ReadOnlyProof {
	transaction_read_only: 'on';
	/** `pg_current_snapshot()` of the transaction, as text. */
	snapshot: string;
}

export type Snapshot<Value> = { kind: 'done'; value: Value; readOnly: ReadOnlyProof } | SnapshotFailure;

export interface SnapshotReader {
	/**
	 * Runs `work` in a transaction that cannot write and sees one instant, after the database itself agreed that this
	 * connection is safe for `tool`; always rolled back. Throws what `work` throws, unless the database is the cause.
	 */
	inSnapshot<Value>(tool: string, work: (read: Read) => Promise<Value>): Promise<Snapshot<Value>>;
	close(): Promise<void>;
}

export interface ReaderLimits {
	/** Computations at a time; more wait for a connection, at most `connectMs`. */
	connections: number;
	connectMs: number;
	/** Longest single statement. */
	statementMs: number;
	/** No statement starts when a computation has taken this long. */
	computationMs: number;
}

const LIMITS: ReaderLimits = { connections: 4, connectMs: 3_000, statementMs: 5_000, computationMs: 8_000 };

const ASSERT = 'select governance.fn_assert_safe_for_dot_action($1)';

/** Opens a small pool; connects on first use. `databaseUrl` should log in as governance_reader. */
export function createSnapshotReader(databaseUrl: string, limits: Partial<ReaderLimits> = {}): SnapshotReader {
	const bounds = { ...LIMITS, ...limits };
	const pool = new pg.Pool({
		connectionString: databaseUrl,
		application_name: 'governed-executor',
		max: bounds.connections,
		connectionTimeoutMillis: bounds.connectMs,
		statement_timeout: bounds.statementMs,
		// The server may be gone without a word; its own timeout would then never arrive.
		query_timeout: bounds.statementMs + 1_000,
		allowExitOnIdle: true,
	});
	// An idle connection that breaks is replaced on next use; without a listener it would end the process.
	pool.on('error', () => undefined);
	return {
		inSnapshot: (tool, work) => inSnapshot(pool, bounds, tool, work),
		close: () => pool.end(),
	};
}

async function inSnapshot<Value>(
	pool: pg.Pool,
	bounds: ReaderLimits,
	tool: string,
	work: (read: Read) => Promise<Value>,
): Promise<Snapshot<Value>> {
	let client: pg.PoolClient;
	try {
		client = await pool.connect();
	} catch (error) {
		return { kind: 'unreachable', detail: `no connection to the database (${codeOf(error)})` };
	}
	let broken = false;
	const onLost = () => {
		broken = true;
	};
	client.on('error', onLost);
	try {
		await client.query('begin transaction isolation level repeatable read read only');
		await client.query('set local search_path = pg_catalog, pg_temp');
		await client.query(ASSERT, [tool]);
		const value = await work(boundedRead(client, performance.now() + bounds.computationMs));
		return { kind: 'done', value, readOnly: await proveReadOnly(client) };
	} catch (error) {
		const failure = broken ? lost('connection terminated') : failureOf(error);
		if (failure === null) throw error;
		// A statement that is still running would make the rollback wait as long again.
		broken ||= failure.kind === 'timeout' && !(error instanceof pg.DatabaseError);
		return failure;
	} finally {
		broken ||= (await client.query('rollback').catch(() => null)) === null;
		client.off('error', onLost);
		client.release(broken);
	}
}

class OutOfTime extends Error {}

/** pg knows this setting, its types do not. */
interface OneStatement extends pg.QueryConfig {
	queryMode: 'extended';
}

/** The extended protocol takes one statement at a time: a value put into a text by mistake cannot add a second one. */
function boundedRead(client: pg.PoolClient, deadline: number): Read {
	return async <Row>(text: string, values: readonly unknown[] = []) => {
		if (performance.now() > deadline) throw new OutOfTime();
		const statement: OneStatement = { text, values: [...values], queryMode: 'extended' };
		const { rows } = await client.query(statement);
		return rows as Row[];
	};
}

async function proveReadOnly(client: pg.PoolClient): Promise<ReadOnlyProof> {
	const { rows } = await client.query<{ mode: string; snapshot: string }>(
		`select current_setting('transaction_read_only') as mode, pg_current_snapshot()::text as snapshot`,
	);
	const [row] = rows;
	if (row?.mode !== 'on') throw new Error('the transaction was not read only at its end');
	return { transaction_read_only: 'on', snapshot: row.snapshot };
}

const lost = (code: string): SnapshotFailure => ({ kind: 'unreachable', detail: `the database went away (${code})` });

/** `null`: not the database's doing. Codes: PostgreSQL's appendix A, and this product's class GD. */
function failureOf(error: unknown): SnapshotFailure | null {
	if (error instanceof OutOfTime) return { kind: 'timeout', detail: 'the computation took too long' };
	if (!(error instanceof Error)) return null;
	if (!(error instanceof pg.DatabaseError)) {
		if (error.message === 'Query read timeout')
			return { kind: 'timeout', detail: 'the database did not answer in time' };
		return 'code' in error || error.message.startsWith('Connection terminated') ? lost(codeOf(error)) : null;
	}
	const code = error.code ?? '';
	if (code === 'GD004') {
		return { kind: 'not_safe', detail: 'this connection could write governed data; connect as governance_reader' };
	}
	if (['3F000', '42883', '42P01', '42501'].includes(code)) {
		return {
			kind: 'not_installed',
			detail: `the governance schema, or a table in it, is absent or closed to this role (${code})`,
		};
	}
	if (['57014', '55P03'].includes(code)) return { kind: 'timeout', detail: 'a statement took too long' };
	return /^(08|57P|53)/.test(code) ? lost(code) : null;
}

/** Never the message: it can hold host, user or more of the connection string. */
function codeOf(error: unknown): string {
	if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
	return 'no code';
}
