import pg from 'pg';

/** How PostgreSQL took one statement. `code` is null when it went through. */
export interface Attempt {
	code: string | null;
	message: string;
	rows: number;
}

export interface Statement {
	sql: string;
	values?: unknown[];
	/** Lines for COPY … FROM STDIN. */
	copy?: string;
}

type Sql = Pick<pg.Client, 'query'>;

function copyQuery({ sql, copy }: Statement, settle: (error: Error | null) => void): pg.Submittable {
	const query = new pg.Query(sql) as unknown as pg.Submittable & Record<string, unknown>;
	query['callback'] = settle;
	// The driver answers COPY with "no source"; PostgreSQL only asks when it would take the rows.
	query['handleCopyInResponse'] = (connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }) => {
		connection.sendCopyFromChunk(Buffer.from(copy ?? ''));
		connection.endCopyFrom();
	};
	return query;
}

async function run(client: Sql, statement: Statement): Promise<number> {
	if (statement.copy === undefined) {
		const result = await client.query(statement.sql, statement.values);
		const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
		return last?.rowCount ?? 0;
	}
	await new Promise<void>((resolve, reject) => {
		(client as pg.Client).query(copyQuery(statement, (error) => (error ? reject(error) : resolve())));
	});
	return 0;
}

/** Runs one statement in a transaction of its own: the open one of a savepoint, or autocommit. */
export async function attempt(client: Sql, statement: string | Statement): Promise<Attempt> {
	try {
		const rows = await run(client, typeof statement === 'string' ? { sql: statement } : statement);
		return { code: null, message: '', rows };
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		return { code: error.code ?? '', message: error.message, rows: 0 };
	}
}

/** The same inside an open transaction, undone afterwards whatever happened. */
export async function attemptAndUndo(client: Sql, statement: string | Statement): Promise<Attempt> {
	await client.query('savepoint attempt');
	const result = await attempt(client, statement);
	await client.query('rollback to savepoint attempt');
	return result;
}

export const DENIED = /^(42501|GD00[1-6])$/;
