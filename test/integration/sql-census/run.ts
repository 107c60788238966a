import { mkdir, writeFile } from 'node:fs/promises';
import type { ClusterHandle } from '../../../instance/cluster.ts';
import { directusDatabase, uniqueName } from '../../../instance/cluster.ts';
import { dropDatabase, ensureDatabase, urlFor, withClient } from '../../../instance/roles.ts';
import type { GovernanceDeclaration } from '../../../src/config/schema.ts';
import type { PolicySigner } from '../../../src/service/ports/registrar.ts';
import { attempt, DENIED } from '../support/attempt.ts';
import { appliedChanges, collections, registrarOf, testSigner } from '../support/governed-database.ts';
import { connect, undone } from '../support/scene.ts';
import { withoutGuards } from '../support/unguarded.ts';
import type { SqlEntry } from './entry.ts';
import { fingerprintOf, governedOids } from './fingerprint.ts';

export type CensusStrength = 'separated' | 'single-role';

/** One row of `coverage/sql-census-pg<major>-<strength>.json`. */
export interface SqlRow {
	surface: 'sql';
	path: string;
	actor: 'directus role';
	strength: CensusStrength;
	pg: string;
	expected: SqlEntry['single'];
	outcome: SqlEntry['single'] | 'went_through' | 'unclear';
	refused: boolean;
	/** By the next plan, for what an owner can always do. */
	detected: boolean | null;
	baseline_shown: boolean;
	effect: SqlEntry['effect'];
	layer: 'privilege' | 'guard' | 'verify' | 'none';
	code: string | null;
}

const FIXTURE = `create table public.prices (id serial primary key, sku text not null unique, amount int default 20, note text);
	create index prices_note on public.prices (note);
	insert into public.prices (sku, amount, note) values ('a', 10, 'one'), ('b', 20, 'two'), ('c', 30, 'three');
	create table public.open (id int primary key); insert into public.open values (10), (20), (30);
	create table public.orders (id int primary key, price int references public.prices on delete cascade); insert into public.orders values (1, 1);
	insert into public.directus_collections (collection) values ('prices')`;

/** PostgreSQL's answer to a GRANT or REVOKE by somebody who may not: a warning that it did nothing. */
const DID_NOTHING = new Set(['01006', '01007']);

/** A governed database that is never connected to, so that copies can be made of it, and what copies need. */
export interface Original {
	cluster: ClusterHandle;
	name: string;
	strength: CensusStrength;
	change: Partial<GovernanceDeclaration>;
	signer: PolicySigner;
	drop(): Promise<void>;
}

export async function makeOriginal(cluster: ClusterHandle, strength: CensusStrength): Promise<Original> {
	const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
	const change = { ...collections('prices'), strength };
	// A managed database: Directus's role owns it, and schema public through it.
	if (strength === 'single-role')
		await withClient(database.superuserUrl, (client) =>
			client.query(`alter database "${database.name}" owner to directus`),
		);
	await withClient(database.directusUrl, (client) => client.query(FIXTURE));
	appliedChanges(await registrarOf(database, signer).apply(change));
	return { cluster, name: database.name, strength, change, signer, drop: database.drop };
}

interface Copy {
	superuserUrl: string;
	directusUrl: string;
	operatorUrl: string;
	drop(): Promise<void>;
}

async function copyOf({ cluster, name, strength }: Original): Promise<Copy> {
	const copy = uniqueName('census');
	await ensureDatabase(cluster.superuserUrl, copy, cluster.logins, name);
	if (strength === 'single-role')
		await withClient(cluster.superuserUrl, (client) => client.query(`alter database "${copy}" owner to directus`));
	const superuserUrl = urlFor(cluster.superuserUrl, undefined, copy);
	return {
		superuserUrl,
		directusUrl: urlFor(superuserUrl, cluster.logins.directus),
		operatorUrl: urlFor(superuserUrl, cluster.logins.operator),
		drop: () => dropDatabase(cluster.superuserUrl, copy),
	};
}

interface Tried {
	code: string | null;
	changed: boolean;
}

/** Runs one entry as Directus's role over its own connection, committed. */
async function tryOn(copy: Pick<Copy, 'superuserUrl' | 'directusUrl'>, { statement }: SqlEntry): Promise<Tried> {
	return withClient(copy.superuserUrl, async (superuser) => {
		const oids = await governedOids(superuser);
		const before = await fingerprintOf(superuser, oids);
		const directus = await connect(copy.directusUrl);
		const notices: string[] = [];
		directus.on('notice', ({ code }) => notices.push(code ?? ''));
		try {
			await directus.query('begin');
			const { code } = await attempt(directus, statement);
			await directus.query('commit');
			const changed = (await fingerprintOf(superuser, oids)) !== before;
			const didNothing = code === null && !changed && notices.some((notice) => DID_NOTHING.has(notice));
			return { code: didNothing ? '42501' : code, changed };
		} finally {
			await directus.end();
		}
	});
}

/** The same statement as the same role where everything is its own and no guard is on; else, where no privilege is missing. */
async function baselineOf(copy: Copy, { statement, effect }: SqlEntry): Promise<boolean> {
	const superuser = await connect(copy.superuserUrl);
	const changes = async (oids: string[]) => {
		await superuser.query('reset role');
		const before = await fingerprintOf(superuser, oids);
		await superuser.query('set local role directus');
		const { code } = await attempt(superuser, statement);
		if (code !== null || effect !== 'change') return code === null;
		await superuser.query('reset role');
		return (await fingerprintOf(superuser, oids)) !== before;
	};
	try {
		const oids = await governedOids(superuser);
		const elevated = { superuser: effect === 'power' };
		if (await withoutGuards(superuser, () => changes(oids), elevated, ['public.prices'])) return true;
		return await undone(superuser, async () => {
			await superuser.query('alter role directus superuser');
			return changes(oids);
		});
	} finally {
		await superuser.end();
	}
}

const rowOf = (
	original: Original,
	entry: SqlEntry,
	tried: Tried,
	more: Pick<SqlRow, 'pg' | 'detected' | 'baseline_shown'>,
): SqlRow => {
	const expected = original.strength === 'separated' ? entry.separated : entry.single;
	const refused = tried.code !== null && DENIED.test(tried.code) && !tried.changed;
	const through = tried.code === null;
	const outcome = refused
		? 'refused'
		: through && more.detected
			? 'owner_can'
			: through && !tried.changed && expected === 'harmless'
				? 'harmless'
				: through
					? 'went_through'
					: 'unclear';
	return {
		surface: 'sql',
		path: entry.path,
		actor: 'directus role',
		strength: original.strength,
		expected,
		outcome,
		refused,
		effect: entry.effect,
		layer: refused ? (tried.code === '42501' ? 'privilege' : 'guard') : outcome === 'owner_can' ? 'verify' : 'none',
		code: tried.code,
		...more,
	};
};

/** Runs every entry. What an owner can do gets a copy of the database of its own, because nothing puts it back. */
export async function runSqlCensus(original: Original, entries: readonly SqlEntry[], pg: string): Promise<SqlRow[]> {
	const shared = await copyOf(original);
	const rows: SqlRow[] = [];
	try {
		for (const entry of entries) {
			const expected = original.strength === 'separated' ? entry.separated : entry.single;
			const baseline_shown = await baselineOf(shared, entry);
			if (expected !== 'owner_can') {
				rows.push(rowOf(original, entry, await tryOn(shared, entry), { pg, detected: null, baseline_shown }));
				continue;
			}
			const own = await copyOf(original);
			try {
				const tried = await tryOn(own, entry);
				const outcome = await registrarOf(own, original.signer).plan(original.change);
				rows.push(rowOf(original, entry, tried, { pg, detected: outcome.kind !== 'unchanged', baseline_shown }));
			} finally {
				await own.drop();
			}
		}
	} finally {
		await shared.drop();
	}
	return rows;
}

export async function writeCoverage(rows: readonly SqlRow[], pg: string, strength: CensusStrength): Promise<string> {
	const file = `coverage/sql-census-pg${pg}-${strength}.json`;
	await mkdir('coverage', { recursive: true });
	await writeFile(file, `${JSON.stringify(rows, null, '\t')}\n`);
	return file;
}

/** One line for each row, as a table for people. */
export const tableOf = (rows: readonly SqlRow[]): string =>
	rows
		.map(
			({ outcome, layer, baseline_shown, path }) =>
				`${outcome.padEnd(12)} ${layer.padEnd(9)} ${baseline_shown ? 'shown' : '-    '} ${path}`,
		)
		.join('\n');
