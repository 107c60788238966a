import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ListrTask } from 'listr2';
import { ensureBuilt, isBuilt } from '../scripts/ensure-built.ts';
import { layBundle, REPOSITORY } from './bundle.ts';
import type { DataFolder } from './data-folder.ts';
import { ensureInstalled, openServer, type Server, urlsOf } from './database.ts';
import { bootstrapDirectus, type DirectusServer, startDirectus } from './directus.ts';
import { directusEnvironment, directusFolder } from './directus-environment.ts';
import { InstanceFault, messageOf } from './fault.ts';
import {
	applyConfig,
	COMMAND,
	type Executor,
	launchExecutor,
	operatorEnvironment,
	publishKey,
	untilHealthy,
} from './governed.ts';
import type { ProcessLedger } from './leftovers.ts';
import type { StartOptions } from './options.ts';
import { ensurePrincipals } from './principals.ts';
import { keptSecrets, writePrivateJson } from './private-files.ts';
import type { InstanceRecord } from './record.ts';
import { enableReader } from './roles.ts';
import { State } from './state.ts';

const ADMIN_EMAIL = 'admin@example.com';
const EXECUTOR_PORT = 8090;
const SECRETS = [
	'instance',
	'operator',
	'directus',
	'reader',
	'directusSecret',
	'adminPassword',
	'adminToken',
	'agentToken',
	'editorToken',
] as const;

export interface Surroundings {
	readonly options: StartOptions;
	readonly folder: DataFolder;
	readonly ledger: ProcessLedger;
	/** Ends what was started, newest first; filled as things start. */
	readonly closers: (() => Promise<unknown>)[];
	/** Whether progress may move on the terminal. */
	readonly live: boolean;
}

export interface Running {
	readonly record: InstanceRecord;
	readonly directus: DirectusServer;
	readonly executor: Executor;
}

export interface Context {
	secrets: Record<(typeof SECRETS)[number], string>;
	server: Server;
	executor: Executor;
	directus: DirectusServer;
	note(line: string): void;
}

export type Step = ListrTask<Context>;

function directusVersion(): string {
	const manifest: unknown = createRequire(import.meta.url)('directus/package.json');
	return (manifest as { version: string }).version;
}

/** The steps from nothing to a running instance; each leaves in `context` what the next ones need. */
export class Steps {
	readonly #around: Surroundings;
	readonly #state: State;

	constructor(around: Surroundings) {
		this.#around = around;
		this.#state = new State(around.folder.state);
	}

	#urls({ server, secrets }: Context) {
		return urlsOf(server, server.database, secrets.reader);
	}

	#directusEnv({ secrets }: Context, databaseUrl: string): Record<string, string> {
		return directusEnvironment({
			databaseUrl,
			secret: secrets.directusSecret,
			adminEmail: ADMIN_EMAIL,
			adminPassword: secrets.adminPassword,
			adminToken: secrets.adminToken,
			keysDir: this.#around.folder.bundleKeys,
		});
	}

	#operatorEnv(context: Context, executorUrl?: string): NodeJS.ProcessEnv {
		const urls = this.#urls(context);
		return operatorEnvironment({
			operatorUrl: urls.operator,
			readerUrl: urls.reader,
			...(executorUrl === undefined ? {} : { executorUrl }),
			keysDir: this.#around.folder.operatorKeys,
		});
	}

	build: Step = {
		title: 'Bundle',
		task: async (_, task) => {
			if (!isBuilt()) task.output = 'building';
			const done = await ensureBuilt().catch((error: unknown) => {
				throw new InstanceFault(messageOf(error));
			});
			task.title = `Bundle: ${done === 'built' ? 'built' : 'up to date'}`;
		},
	};

	postgres: Step = {
		title: 'PostgreSQL and the tables of Directus',
		task: async (context, task) => {
			const { folder, options, closers } = this.#around;
			context.secrets = await keptSecrets(folder.secrets, SECRETS);
			context.server = await openServer({
				postgresUrl: options.postgresUrl,
				clusterFolder: folder.postgres,
				state: this.#state,
				instanceId: context.secrets.instance.slice(0, 8),
				passwords: context.secrets,
				say: context.note,
			});
			closers.push(context.server.stop);
			task.title = `PostgreSQL: ${context.server.words}`;
			task.output = 'tables of Directus';
			await this.#install(context);
		},
	};

	async #install(context: Context): Promise<void> {
		const { folder } = this.#around;
		const bootstrap = (url: string) =>
			bootstrapDirectus({ env: this.#directusEnv(context, url), cwd: folder.directus });
		const version = directusVersion();
		const found = await ensureInstalled(context.server, bootstrap);
		const migrated = found === 'new' || (await this.#state.read()).directus === version;
		if (!migrated) await bootstrap(this.#urls(context).directus);
		await this.#state.merge({ directus: version });
	}

	register: Step = {
		title: 'directus.config.ts',
		task: async (context, task) => {
			const { folder } = this.#around;
			await this.#launchExecutor(context);
			await applyConfig(this.#operatorEnv(context, context.executor.url), join(REPOSITORY, 'directus.config.ts'));
			await publishKey(folder.operatorKeys, folder.bundleKeys);
			await enableReader(context.server.superuserUrl, context.secrets.reader);
			task.title = 'directus.config.ts: registered by governed apply';
		},
	};

	/** Before the apply, so that the address in the contracts is one it really has; the same as last time if it is free. */
	async #launchExecutor(context: Context): Promise<void> {
		const { folder, ledger, closers } = this.#around;
		const wanted = (await this.#state.read()).executorPort ?? EXECUTOR_PORT;
		context.executor = await launchExecutor(this.#operatorEnv(context), wanted, folder.executorLog);
		closers.push(context.executor.stop);
		await ledger.note(context.executor.pid, [COMMAND, 'executor']);
		await this.#state.merge({ executorPort: context.executor.port });
	}

	executor: Step = {
		title: 'Executor',
		task: async ({ executor }, task) => {
			await untilHealthy(executor);
			task.title = `Executor: ${executor.url}`;
		},
	};

	directus: Step = {
		title: 'Directus',
		task: async (context, task) => {
			const { folder, options, ledger, closers } = this.#around;
			await layBundle(await directusFolder(folder.directus));
			const env = this.#directusEnv(context, this.#urls(context).directus);
			context.directus = await startDirectus({ env, cwd: folder.directus, port: options.port, log: context.note });
			closers.push(context.directus.stop);
			await ledger.note(context.directus.pid, [join(REPOSITORY, 'node_modules'), 'cli/run.js', 'start']);
			task.title = `Directus ${directusVersion()}: ${context.directus.url}`;
		},
	};

	principals: Step = {
		title: 'Admin, editor and agent',
		task: async ({ directus, secrets }) => {
			const tokens = { agent: secrets.agentToken, editor: secrets.editorToken };
			await ensurePrincipals({ url: directus.url, adminToken: secrets.adminToken }, tokens);
		},
	};

	async record(context: Context): Promise<InstanceRecord> {
		const { secrets, directus, executor } = context;
		const urls = this.#urls(context);
		const record: InstanceRecord = {
			directus_url: directus.url,
			admin_email: ADMIN_EMAIL,
			admin_password: secrets.adminPassword,
			admin_token: secrets.adminToken,
			editor_token: secrets.editorToken,
			agent_token: secrets.agentToken,
			pg_url_directus: urls.directus,
			pg_url_operator: urls.operator,
			executor_url: executor.url,
			pid: process.pid,
		};
		await writePrivateJson(this.#around.folder.instance, record);
		return record;
	}
}
