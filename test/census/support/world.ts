import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { layBundle } from '../../../instance/bundle.ts';
import type { ClusterHandle, TestDatabase } from '../../../instance/cluster.ts';
import { startTestInstance } from '../../../instance/harness.ts';
import { at, call } from '../../../instance/http.ts';
import { dropDatabase, ensureDatabase, withClient } from '../../../instance/roles.ts';
import { OPEN } from './fingerprint.ts';
import { makeFixture, PLAIN_TABLE } from './fixture.ts';
import { forgetFlows } from './fixture-flows.ts';
import { configOf } from './refused-apply.ts';
import { keepRows } from './restore.ts';
import type { Strength } from './strength.ts';
import type { Actor, Side } from './types.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

export interface World {
	readonly baseline: Side;
	readonly governed: Side;
	/** Puts the whole database of a side back to what it was at the start. */
	restoreAll(side: Side): Promise<void>;
	stop(): Promise<void>;
}

const SETTINGS = {
	// The flow operation `request` may call this machine, as it may in most set-ups.
	IMPORT_IP_DENY_LIST: '192.0.2.1',
	MARKETPLACE_TRUST: 'sandbox',
	FLOWS_RUN_SCRIPT_TIMEOUT: '20000',
	MIGRATIONS_PATH: 'no-migrations',
};

function emitterUrl(): string {
	const directus = createRequire(import.meta.url).resolve('directus/package.json');
	const api = createRequire(directus).resolve('@directus/api/cli/run.js');
	return pathToFileURL(join(api, '..', '..', 'emitter.js')).href;
}

/** Starts both instances: the second on a copy of the first one's database, so that every id and token is the same. */
export async function startWorld(cluster: ClusterHandle, strength: Strength = 'separated'): Promise<World> {
	const closers: (() => Promise<unknown>)[] = [];
	const stop = async () => {
		for (const close of closers.splice(0).reverse()) await close();
	};
	try {
		return await assemble(cluster, strength, closers, stop);
	} catch (error) {
		await stop();
		throw error;
	}
}

async function assemble(
	cluster: ClusterHandle,
	strength: Strength,
	closers: (() => Promise<unknown>)[],
	stop: () => Promise<void>,
): Promise<World> {
	const folder = await mkdtemp(join(tmpdir(), 'governed-census-'));
	closers.push(() => rm(folder, { recursive: true, force: true }));
	const start = async (name: Side['name'], prepare: (database: TestDatabase) => Promise<void>) => {
		const extensionsDir = join(folder, name, 'extensions');
		if (name === 'governed') await layBundle(join(folder, name));
		await cp(join(HERE, 'hostile'), join(extensionsDir, 'hostile'), { recursive: true });
		const env = { ...SETTINGS, CENSUS_EMITTER: emitterUrl(), EXTENSIONS_PATH: extensionsDir };
		const governed = name === 'governed';
		const instance = await startTestInstance({
			cluster,
			bundle: false,
			governed,
			config: configOf(strength),
			env,
			prepare,
		});
		closers.push(() => instance.stop());
		const pool = new pg.Pool({ connectionString: instance.database.superuserUrl, max: 2 });
		// A restore ends the connections that wait; the pool opens new ones.
		pool.on('error', () => {});
		closers.push(() => pool.end());
		return sideOf({ name, cluster, instance, extensionsDir, strength }, pool);
	};
	const baseline = await start('baseline', (database) =>
		withClient(database.directusUrl, async (client) => void (await client.query(PLAIN_TABLE))),
	);
	await makeFixture(baseline);
	await keepRows(baseline);
	const saved = await save(cluster, baseline.instance.database.name, 'origin');
	closers.push(() => dropDatabase(cluster.superuserUrl, saved));
	const governed = await start('governed', (database) => replace(cluster, database.name, saved));
	const governedSaved = await save(cluster, governed.instance.database.name, 'guarded');
	closers.push(() => dropDatabase(cluster.superuserUrl, governedSaved));
	return {
		baseline,
		governed,
		restoreAll: async (side) => {
			const { name } = side.instance.database;
			await replace(cluster, name, side.name === 'baseline' ? saved : governedSaved);
			forgetFlows(side);
			await afterRestore(side);
		},
		stop,
	};
}

/** A copy to go back to. Nobody may be connected to what is copied, so Directus loses its connections and opens new ones. */
async function save(cluster: ClusterHandle, name: string, label: string): Promise<string> {
	const copy = `${name}_${label}`;
	await withoutVisitors(cluster, name, () => ensureDatabase(cluster.superuserUrl, copy, cluster.logins, name));
	return copy;
}

async function replace(cluster: ClusterHandle, name: string, source: string): Promise<void> {
	await dropDatabase(cluster.superuserUrl, name);
	await ensureDatabase(cluster.superuserUrl, name, cluster.logins, source);
}

async function withoutVisitors(cluster: ClusterHandle, name: string, work: () => Promise<unknown>): Promise<void> {
	const superuser = (sql: string) => withClient(cluster.superuserUrl, (client) => client.query(sql));
	await superuser(`alter database "${name}" allow_connections false`);
	await superuser(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
	try {
		await work();
	} finally {
		await superuser(`alter database "${name}" allow_connections true`);
	}
}

/** Directus notices its lost connections one by one, and what it remembers of the schema may be wrong now. */
async function afterRestore(side: Side): Promise<void> {
	const end = Date.now() + 20_000;
	for (;;) {
		const answer = await side.as('admin', '/utils/cache/clear?system', { method: 'POST' });
		const probe = await side.as('admin', `/items/${OPEN[0]}?limit=1`);
		if (answer.status === 200 && probe.status === 200) return;
		if (Date.now() > end) throw new Error(`${side.name} did not come back: ${answer.text} ${probe.text}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

type Facts = Pick<Side, 'name' | 'cluster' | 'instance' | 'extensionsDir' | 'strength'>;

function sideOf(facts: Facts, pool: pg.Pool): Side {
	const { name, instance } = facts;
	const tokens: Partial<Record<Actor, string>> = {
		editor: instance.editorToken,
		admin: instance.adminToken,
		agent: instance.agentToken,
		// The hostile extension drops whose request it was; an admin is told what went wrong.
		system: instance.adminToken,
	};
	const as: Side['as'] = (actor, path, options = {}) => {
		const token = tokens[actor];
		return call(`${instance.url}${path}`, { ...options, ...(token === undefined ? {} : { token }) });
	};
	return {
		...facts,
		as,
		token: (actor) => tokens[actor],
		async admin(path, options) {
			const answer = await as('admin', path, options);
			if (answer.status < 300) return at(answer.body, 'data');
			throw new Error(`${name}: ${options?.method ?? 'GET'} ${path}: ${answer.status} ${answer.text}`);
		},
		sql: async (text, values) => (await pool.query(text, values)).rows,
		notes: new Map(),
	};
}
