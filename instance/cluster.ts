import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrapDirectus } from './directus.ts';
import { directusEnvironment } from './directus-environment.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import type { PostgresMajor } from './postgres-binaries.ts';
import { randomSecret } from './private-files.ts';
import {
	DEFAULT_ROLES,
	databaseExists,
	dropDatabase,
	ensureDatabase,
	ensureRoles,
	type Logins,
	renameDatabase,
	urlFor,
	withClient,
} from './roles.ts';

export const ADMIN_EMAIL = 'admin@example.com';

/**
 * A running test cluster as plain data, so that it can be handed from one process to another (vitest `provide`).
 * One set of secrets serves every database in it.
 */
export interface ClusterHandle {
	/** Superuser, database `postgres`. */
	readonly superuserUrl: string;
	readonly logins: Logins;
	readonly readerPassword: string;
	readonly directusSecret: string;
	readonly adminPassword: string;
	readonly adminToken: string;
	readonly agentToken: string;
	readonly editorToken: string;
}

const TEMPLATE = 'governed_template';

/** Starts an ephemeral cluster with the two logins of DESIGN §4. `stop` ends it and removes its folder. */
export async function startCluster(
	version: PostgresMajor = '18',
): Promise<{ handle: ClusterHandle; server: PostgresServer; stop(): Promise<void> }> {
	const folder = await mkdtemp(join(tmpdir(), 'governed-cluster-'));
	// PostgreSQL's own account must be able to walk in.
	await chmod(folder, 0o711);
	const server = await startPostgres({ dataDir: join(folder, 'postgres'), version, ephemeral: true });
	const superuserUrl = server.superuserUrl('postgres');
	const handle: ClusterHandle = {
		superuserUrl,
		logins: {
			operator: { role: DEFAULT_ROLES.operator, password: randomSecret() },
			directus: { role: DEFAULT_ROLES.directus, password: randomSecret() },
		},
		readerPassword: randomSecret(),
		directusSecret: randomSecret(),
		adminPassword: randomSecret(),
		adminToken: randomSecret(),
		agentToken: randomSecret(),
		editorToken: randomSecret(),
	};
	await ensureRoles(superuserUrl, handle.logins).catch(async (error: unknown) => {
		await server.stop();
		throw error;
	});
	return {
		handle,
		server,
		async stop() {
			await server.stop();
			await rm(folder, { recursive: true, force: true });
		},
	};
}

let counter = 0;

/** A database name no other test of this run uses. */
export function uniqueName(prefix = 'test'): string {
	counter += 1;
	return `${prefix}_${process.pid}_${counter}_${randomSecret().slice(0, 6)}`;
}

/** An empty database as the operator finds it before Directus: owned by the operator, `public` open to Directus's role. */
export async function emptyDatabase(handle: ClusterHandle): Promise<TestDatabase> {
	const name = uniqueName();
	await ensureDatabase(handle.superuserUrl, name, handle.logins);
	return testDatabase(handle, name);
}

/** A database in which Directus's own tables are installed (a copy of one made once per cluster). */
export async function directusDatabase(handle: ClusterHandle): Promise<TestDatabase> {
	await ensureTemplate(handle);
	const name = uniqueName();
	await ensureDatabase(handle.superuserUrl, name, handle.logins, TEMPLATE);
	return testDatabase(handle, name);
}

export interface TestDatabase {
	readonly name: string;
	readonly superuserUrl: string;
	readonly operatorUrl: string;
	readonly directusUrl: string;
	/** Works once `governed apply` has made the role and `enableReader` was called. */
	readonly readerUrl: string;
	drop(): Promise<void>;
}

function testDatabase(handle: ClusterHandle, name: string): TestDatabase {
	const superuserUrl = urlFor(handle.superuserUrl, undefined, name);
	return {
		name,
		superuserUrl,
		operatorUrl: urlFor(superuserUrl, handle.logins.operator),
		directusUrl: urlFor(superuserUrl, handle.logins.directus),
		readerUrl: urlFor(superuserUrl, { role: 'governance_reader', password: handle.readerPassword }),
		drop: () => dropDatabase(handle.superuserUrl, name),
	};
}

/** Environment of a Directus of this cluster on the given database. */
export function directusEnvironmentFor(
	handle: ClusterHandle,
	databaseUrl: string,
	keysDir: string,
): Record<string, string> {
	return directusEnvironment({
		databaseUrl,
		keysDir,
		secret: handle.directusSecret,
		adminEmail: ADMIN_EMAIL,
		adminPassword: handle.adminPassword,
		adminToken: handle.adminToken,
	});
}

/** Bootstraps Directus once per cluster, however many processes ask at the same time. */
async function ensureTemplate(handle: ClusterHandle): Promise<void> {
	await withClient(handle.superuserUrl, async (client) => {
		await client.query('select pg_catalog.pg_advisory_lock(7014233002)');
		if (await databaseExists(handle.superuserUrl, TEMPLATE)) return;
		const draft = uniqueName('draft');
		await ensureDatabase(handle.superuserUrl, draft, handle.logins);
		const folder = await mkdtemp(join(tmpdir(), 'governed-template-'));
		try {
			const url = urlFor(handle.superuserUrl, handle.logins.directus, draft);
			await bootstrapDirectus({ env: directusEnvironmentFor(handle, url, folder), cwd: folder });
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
		await renameDatabase(handle.superuserUrl, draft, TEMPLATE);
	});
}
