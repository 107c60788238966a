import pg, { type Pool } from 'pg';
import type { PostureControl } from '../../contracts/posture.ts';
import type { DatabaseProbe } from '../../service/posture/ports.ts';

const ACTIONS = ['insert', 'update', 'delete', 'truncate'] as const;
type Action = (typeof ACTIONS)[number];

/** A missing privilege or one of our guards. Any other error proves nothing. */
const REFUSAL = /^(42501|GD00\d)$/;
/** Each try leaves a line in PostgreSQL's log; once in five minutes is often enough for a page that people look at. */
const FRESH_MS = 300_000;

/**
 * Tries every kind of write on every governed table with Directus's own connection, touching no row and rolling back, so
 * that posture can say what PostgreSQL really refuses today.
 */
export function createDatabaseProbe(pool: Pick<Pool, 'connect'>, now: () => number): DatabaseProbe {
	let last: { key: string; at: number; controls: Promise<PostureControl[]> } | null = null;
	return {
		run(collections, generation) {
			const key = JSON.stringify([generation, collections]);
			if (last !== null && last.key === key && now() - last.at < FRESH_MS) return last.controls;
			const controls = probe(pool, collections, new Date(now()).toISOString());
			const mine = { key, at: now(), controls };
			last = mine;
			controls.catch(() => {
				if (last === mine) last = null;
			});
			return controls;
		},
	};
}

interface Target {
	name: string;
	column: string;
	mayTruncate: boolean;
}

async function probe(
	pool: Pick<Pool, 'connect'>,
	collections: readonly string[],
	at: string,
): Promise<PostureControl[]> {
	const client = await pool.connect();
	try {
		await client.query('begin');
		const { rows } = await client.query<Target>(
			`select c.relname as name, has_table_privilege(c.oid, 'TRUNCATE') as "mayTruncate", (
					select attname from pg_catalog.pg_attribute
					where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum limit 1
				) as column
			from pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace and c.relname = any ($1)`,
			[collections],
		);
		const controls: PostureControl[] = [];
		for (const action of ACTIONS) {
			const seen: Seen[] = [];
			for (const target of rows) seen.push(await tryOnce(client, action, target));
			controls.push(controlOf(action, collections, seen, at));
		}
		await client.query('rollback');
		client.release();
		return controls;
	} catch (error) {
		// The connection may be inside a failed transaction: it must never go back to the pool.
		client.release(true);
		throw error;
	}
}

interface Seen {
	name: string;
	outcome: 'refused' | 'went_through' | 'unclear';
}

async function tryOnce(client: Pick<pg.Client, 'query'>, action: Action, target: Target): Promise<Seen> {
	const { name } = target;
	// A truncate that is not refused locks out every reader until it is rolled back: not worth a probe.
	if (action === 'truncate' && target.mayTruncate) return { name, outcome: 'unclear' };
	await client.query('savepoint probe');
	try {
		await client.query(statementOf(action, target));
		return { name, outcome: 'went_through' };
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		return { name, outcome: REFUSAL.test(error.code ?? '') ? 'refused' : 'unclear' };
	} finally {
		await client.query('rollback to savepoint probe');
	}
}

function statementOf(action: Action, { name, column }: Target): string {
	const table = `public.${pg.escapeIdentifier(name)}`;
	const key = pg.escapeIdentifier(column);
	switch (action) {
		case 'insert':
			return `insert into ${table} (${key}) overriding system value select ${key} from ${table} where false`;
		case 'update':
			return `update ${table} set ${key} = default where false`;
		case 'delete':
			return `delete from ${table} where false`;
		case 'truncate':
			return `truncate ${table}`;
		default:
			return action satisfies never;
	}
}

function controlOf(action: Action, collections: readonly string[], seen: readonly Seen[], at: string): PostureControl {
	const through = seen.filter(({ outcome }) => outcome === 'went_through').map(({ name }) => name);
	const refused = new Set(seen.filter(({ outcome }) => outcome === 'refused').map(({ name }) => name));
	const unclear = collections.filter((name) => !refused.has(name));
	const id = `database.${action}`;
	if (through.length > 0) return { id, state: 'failed', detail: `not refused on ${through.join(', ')}`, at };
	if (unclear.length > 0) return { id, state: 'not_demonstrated', detail: `not shown for ${unclear.join(', ')}`, at };
	return { id, state: 'demonstrated', detail: `refused by PostgreSQL on all ${refused.size} governed tables`, at };
}
