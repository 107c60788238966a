import { readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Child, startChild, untilReady } from './child.ts';
import { InstanceFault } from './fault.ts';
import { freePort } from './ports.ts';
import { type PostgresMajor, postgresBinaries } from './postgres-binaries.ts';
import {
	clearLeftover,
	clusterFolder,
	ensureCluster,
	noteOwner,
	POSTGRES_ENV,
	superuserPassword,
} from './postgres-cluster.ts';
import { postgresAccount } from './unprivileged.ts';

const START_LIMIT_MS = 30_000;

export interface PostgresOptions {
	/** Folder of the cluster; made when absent. */
	readonly dataDir: string;
	readonly version?: PostgresMajor;
	readonly log?: (line: string) => void;
	/** For test clusters: no fsync, and the folder is removed on stop. */
	readonly ephemeral?: boolean;
	/** Further server settings, `name=value`. */
	readonly settings?: readonly string[];
}

export interface PostgresServer {
	readonly host: '127.0.0.1';
	readonly port: number;
	readonly pid: number;
	readonly dataDir: string;
	readonly logFile: string;
	/** Version of the npm package the binaries came from, such as `18.4.0-beta.17`. */
	readonly version: string;
	superuserUrl(database: string): string;
	stop(): Promise<void>;
}

function serverArguments(folder: string, port: number, options: PostgresOptions): string[] {
	const settings = [
		'listen_addresses=127.0.0.1',
		'unix_socket_directories=',
		'password_encryption=scram-sha-256',
		'max_connections=300',
		'jit=off',
		...(options.ephemeral ? ['fsync=off', 'full_page_writes=off', 'max_prepared_transactions=4'] : []),
		...(options.settings ?? []),
	];
	return ['-D', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

/** Line 8 of `postmaster.pid` is the server's own word about its state. */
async function isReady(folder: string, pid: number): Promise<boolean> {
	const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
	return Number(lines[0]) === pid && (lines[7] ?? '').trim() === 'ready';
}

async function launch(folder: string, bin: string, options: PostgresOptions): Promise<{ child: Child; port: number }> {
	const account = await postgresAccount();
	for (let attempt = 1; ; attempt += 1) {
		const port = await freePort();
		const child = await startChild({
			command: join(bin, 'postgres'),
			args: serverArguments(folder, port, options),
			cwd: '/',
			env: POSTGRES_ENV,
			logFile: `${folder}.log`,
			account,
			signals: ['SIGINT', 'SIGQUIT'],
			graceMs: 10_000,
		});
		const state = await untilReady(child, () => isReady(folder, child.pid), START_LIMIT_MS);
		if (state === 'ready') return { child, port };
		await child.stop();
		const tail = await child.tail(4);
		const lostPort = /could not bind|Address already in use/.test(tail);
		if (!lostPort || attempt === 5) throw new InstanceFault(`PostgreSQL did not start in ${folder}:\n${tail}`);
	}
}

/**
 * Starts the PostgreSQL that npm installed, on a free port of 127.0.0.1, and waits until it answers. It ends with this
 * process, however that ends. Throws {@link InstanceFault} with the one thing to do when it cannot.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
	const major = options.version ?? '18';
	const account = await postgresAccount();
	const { bin, version } = await postgresBinaries(major, account);
	const folder = await clusterFolder(options.dataDir, account, options.log ?? (() => {}));
	await ensureCluster(folder, major, bin, account);
	await clearLeftover(folder);
	await noteOwner(folder, account);
	const { child, port } = await launch(folder, bin, options);
	const password = await superuserPassword(folder);
	return {
		host: '127.0.0.1',
		port,
		pid: child.pid,
		dataDir: folder,
		logFile: child.logFile,
		version,
		superuserUrl: (database) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`,
		async stop() {
			await child.stop();
			if (options.ephemeral) {
				const moved = folder !== resolve(options.dataDir);
				for (const path of moved ? [dirname(folder)] : [folder, `${folder}.log`])
					await rm(path, { recursive: true, force: true });
			}
		},
	};
}
