import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layBundle, REPOSITORY } from './bundle.ts';
import {
	ADMIN_EMAIL,
	type ClusterHandle,
	directusDatabase,
	directusEnvironmentFor,
	startCluster,
	type TestDatabase,
} from './cluster.ts';
import { type DirectusServer, startDirectus } from './directus.ts';
import { directusFolder } from './directus-environment.ts';
import {
	applyConfig,
	type CommandResult,
	type Executor,
	governed,
	launchExecutor,
	operatorEnvironment,
	publishKey,
	untilHealthy,
} from './governed.ts';
import { ensurePrincipals } from './principals.ts';
import { enableReader } from './roles.ts';

export interface TestInstanceOptions {
	/** From `inject('cluster')`; without it the instance starts (and stops) a cluster of its own. */
	readonly cluster?: ClusterHandle;
	/** Lay the bundle (default true). */
	readonly bundle?: boolean;
	/** Run `governed apply` before Directus starts, and the executor (default true). */
	readonly governed?: boolean;
	/** Config file for `governed apply`; default: this repository's own. */
	readonly config?: string;
	/** Further environment of Directus. */
	readonly env?: Record<string, string>;
	/** SQL run as Directus's role before `governed apply`: content tables a test governs or leaves alone. */
	readonly prepare?: (database: TestDatabase) => Promise<void>;
}

export interface TestInstance {
	readonly url: string;
	readonly adminEmail: string;
	readonly adminPassword: string;
	readonly adminToken: string;
	readonly agentToken: string;
	readonly editorToken: string;
	readonly database: TestDatabase;
	/** Empty when `governed` is false. */
	readonly executorUrl: string;
	readonly folder: string;
	/** The operator's keys (private too); Directus sees `bundleKeysDir`. */
	readonly operatorKeysDir: string;
	readonly bundleKeysDir: string;
	directus(): DirectusServer;
	executor(): Executor | undefined;
	/** Environment of the operator's command line for this instance. */
	operatorEnv(): NodeJS.ProcessEnv;
	cli(...args: string[]): Promise<CommandResult>;
	/** Runs `governed apply` again, whatever gets looser, and hands Directus the key; `config` as in the options. */
	apply(config?: string): Promise<CommandResult>;
	/** Stops and starts Directus on the same port; `env` replaces single values. */
	restartDirectus(env?: Record<string, string>): Promise<DirectusServer>;
	stop(): Promise<void>;
}

/** A test loosens what it likes: the names that `plan` shows, as options for `apply`. */
async function looseningsIn(env: NodeJS.ProcessEnv, config: string): Promise<string[]> {
	const { code, stdout } = await governed(['plan', '--config', config, '--json'], env);
	if (code !== 2) return [];
	const { loosenings } = JSON.parse(stdout) as { loosenings: { name: string }[] };
	return loosenings.length === 0 ? [] : ['--allow-loosening', ...loosenings.map(({ name }) => name)];
}

type Closer = () => Promise<unknown>;

/** A real Directus (and executor) of its own for one test file, on a database cloned in a moment. */
export async function startTestInstance(options: TestInstanceOptions = {}): Promise<TestInstance> {
	const closers: Closer[] = [];
	const stop = async () => {
		for (const close of closers.splice(0).reverse()) await close();
	};
	try {
		return await assemble(options, closers, stop);
	} catch (error) {
		await stop();
		throw error;
	}
}

async function clusterOf(options: TestInstanceOptions, closers: Closer[]): Promise<ClusterHandle> {
	if (options.cluster) return options.cluster;
	const cluster = await startCluster();
	closers.push(() => cluster.stop());
	return cluster.handle;
}

async function assemble(options: TestInstanceOptions, closers: Closer[], stop: Closer): Promise<TestInstance> {
	const cluster = await clusterOf(options, closers);
	const folder = await mkdtemp(join(tmpdir(), 'governed-instance-'));
	closers.push(() => rm(folder, { recursive: true, force: true }));
	const database = await directusDatabase(cluster);
	closers.push(() => database.drop());
	const [operatorKeysDir, bundleKeysDir] = [join(folder, 'operator-keys'), join(folder, 'keys')];
	await mkdir(bundleKeysDir);
	const home = await directusFolder(join(folder, 'directus'));
	if (options.bundle ?? true) await layBundle(home);
	await options.prepare?.(database);

	let executor: Executor | undefined;
	let directus: DirectusServer | undefined;
	const operatorEnv = () =>
		operatorEnvironment({
			operatorUrl: database.operatorUrl,
			readerUrl: database.readerUrl,
			keysDir: operatorKeysDir,
			...(executor ? { executorUrl: executor.url } : {}),
			...(directus ? { directusUrl: directus.url, directusToken: cluster.adminToken } : {}),
		});
	const apply = async (config = options.config ?? join(REPOSITORY, 'directus.config.ts')) => {
		const result = await applyConfig(operatorEnv(), config, await looseningsIn(operatorEnv(), config));
		await publishKey(operatorKeysDir, bundleKeysDir);
		return result;
	};
	const start = async (env: Record<string, string> = {}) => {
		const base = directusEnvironmentFor(cluster, database.directusUrl, bundleKeysDir);
		const port = directus === undefined ? {} : { port: directus.port };
		directus = await startDirectus({ env: { ...base, ...options.env, ...env }, cwd: home, ...port });
		return directus;
	};

	if (options.governed ?? true) {
		executor = await launchExecutor(operatorEnv(), 0, join(folder, 'executor.log'));
		closers.push(executor.stop);
		await apply();
		await enableReader(cluster.superuserUrl, cluster.readerPassword);
		await untilHealthy(executor);
	}
	const { url } = await start();
	closers.push(async () => directus?.stop());
	const tokens = { agent: cluster.agentToken, editor: cluster.editorToken };
	await ensurePrincipals({ url, adminToken: cluster.adminToken }, tokens);

	return {
		url,
		adminEmail: ADMIN_EMAIL,
		adminPassword: cluster.adminPassword,
		adminToken: cluster.adminToken,
		agentToken: cluster.agentToken,
		editorToken: cluster.editorToken,
		database,
		executorUrl: executor?.url ?? '',
		folder,
		operatorKeysDir,
		bundleKeysDir,
		directus: () => directus as DirectusServer,
		executor: () => executor,
		operatorEnv,
		cli: (...args) => governed(args, operatorEnv()),
		apply,
		async restartDirectus(env) {
			await directus?.stop();
			return start(env);
		},
		stop: async () => {
			await stop();
		},
	};
}
