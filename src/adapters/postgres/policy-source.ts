import pg, { type Pool } from 'pg';
import type { PolicyReading, PolicySource } from '../../service/ports/policy-source.ts';
import { isConnectionLost } from './connection-lost.ts';
import { marksAbove } from './generation-marks.ts';
import { type ConnectionSettings, clientConfig } from './pool.ts';

const CHANNEL = 'governance_policy';
const RECONNECT_MS = 1_000;

/** Reads the policy over `pool`, and listens for applies on a connection of its own made from `settings`. */
export function createPolicySource(pool: Pick<Pool, 'query'>, settings: ConnectionSettings): PolicySource {
	return {
		read: () => readPolicy(pool),
		marksAbove: (generation) => marksAbove(pool, generation),
		watch: (changed) => listen(settings, changed),
	};
}

async function readPolicy(pool: Pick<Pool, 'query'>): Promise<PolicyReading> {
	try {
		return await readNewest(pool);
	} catch (error) {
		if (isConnectionLost(error)) throw error;
		return { kind: 'unreadable', sqlstate: String((error as { code?: unknown }).code) };
	}
}

async function readNewest(pool: Pick<Pool, 'query'>): Promise<PolicyReading> {
	const installed = await pool.query<{ present: boolean }>(
		`select exists (select from pg_catalog.pg_namespace where nspname = 'governance') as present`,
	);

	if (installed.rows[0]?.present !== true) return { kind: 'uninstalled' };

	const { rows } = await pool.query<{ generation: string; jws: string }>(
		'select generation, jws from governance.policy order by generation desc limit 1',
	);

	const row = rows[0];
	return row ? { kind: 'row', row: { generation: Number(row.generation), jws: row.jws } } : { kind: 'missing' };
}

function listen(settings: ConnectionSettings, changed: () => void): () => void {
	let ended = false;
	let client: pg.Client | undefined;
	let retry: NodeJS.Timeout | undefined;

	const reconnect = () => {
		if (ended || retry) return;

		retry = setTimeout(() => {
			retry = undefined;
			void connect();
		}, RECONNECT_MS);

		retry.unref();
	};

	async function connect(): Promise<void> {
		const next = new pg.Client(clientConfig(settings));
		client = next;
		next.on('error', reconnect);
		next.on('end', reconnect);
		next.on('notification', changed);

		try {
			await next.connect();
			await next.query(`listen ${CHANNEL}`);
			// A command-line run of Directus must be able to end while this connection waits.
			(next as unknown as { connection: { stream: { unref?(): void } } }).connection.stream.unref?.();
			changed();
		} catch {
			await next.end().catch(() => undefined);
			reconnect();
		}
	}

	void connect();

	return () => {
		ended = true;
		clearTimeout(retry);
		void client?.end().catch(() => undefined);
	};
}
