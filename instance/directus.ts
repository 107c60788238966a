import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Child, startChild, untilReady } from './child.ts';
import { directusFolder } from './directus-environment.ts';
import { InstanceFault } from './fault.ts';
import { freePort, portFrom } from './ports.ts';

const START_LIMIT_MS = 90_000;

export interface DirectusOptions {
	/** From `directusEnvironment`. */
	readonly env: Record<string, string>;
	/** Working folder of this Directus; made ready when it is not. */
	readonly cwd: string;
	/** Default: `<cwd>/extensions`. */
	readonly extensionsDir?: string;
	/** First port to try; any free one when absent. */
	readonly port?: number;
	readonly log?: (line: string) => void;
}

export interface DirectusServer {
	readonly url: string;
	readonly port: number;
	readonly pid: number;
	readonly logFile: string;
	/** Whether the child has ended, by itself or by us. */
	readonly exited: Promise<unknown>;
	tail(lines?: number): Promise<string>;
	stop(): Promise<void>;
}

/** Directus 12 needs Node 22; said before anything is started. */
function assertNode(version: string = process.versions.node): void {
	if (Number.parseInt(version, 10) >= 22) return;
	throw new InstanceFault(
		`Directus 12 needs Node 22 or newer, this is Node ${version}. Run: npx -y -p node@22 -c 'npm start'`,
	);
}

/**
 * Directus's command line. Not `directus/cli.js`: that file asks the npm registry for a newer version before it
 * starts, which costs up to eight seconds where there is no network.
 */
export function commandLineFile(): string {
	const directus = createRequire(import.meta.url).resolve('directus/package.json');
	return createRequire(directus).resolve('@directus/api/cli/run.js');
}

async function runDirectus(command: string, env: Record<string, string>, cwd: string): Promise<Child> {
	assertNode();
	await mkdir(join(cwd, 'logs'), { recursive: true, mode: 0o700 });
	return startChild({
		command: process.execPath,
		args: [commandLineFile(), command],
		cwd: await directusFolder(cwd),
		env: {
			EXTENSIONS_PATH: join(cwd, 'extensions'),
			TEMP_PATH: join(cwd, 'temp'),
			STORAGE_LOCAL_ROOT: join(cwd, 'uploads'),
			...env,
		},
		logFile: join(cwd, 'logs', `directus-${command}.log`),
		graceMs: 5_000,
		announces: command === 'start',
	});
}

/** `directus bootstrap`: tables, migrations, the first admin. Does nothing to a database that has them. */
export async function bootstrapDirectus({ env, cwd }: Pick<DirectusOptions, 'env' | 'cwd'>): Promise<void> {
	const child = await runDirectus('bootstrap', env, cwd);
	const { code } = await child.exited;
	if (code !== 0) throw new InstanceFault(`Directus could not set up its database:\n${await child.tail(6)}`);
}

/** Starts Directus on 127.0.0.1 and waits until it answers; a port taken meanwhile makes it move on to the next. */
export async function startDirectus(options: DirectusOptions): Promise<DirectusServer> {
	let wanted = options.port;
	for (let attempt = 1; ; attempt += 1) {
		const port = wanted === undefined ? await freePort() : await portFrom(wanted);
		if (wanted !== undefined && port !== wanted) options.log?.(`port ${wanted} is taken, using ${port}`);
		const url = `http://127.0.0.1:${port}`;
		const own = { HOST: '127.0.0.1', PORT: String(port), PUBLIC_URL: url };
		const folders = options.extensionsDir === undefined ? {} : { EXTENSIONS_PATH: options.extensionsDir };
		const child = await runDirectus('start', { ...options.env, ...own, ...folders }, options.cwd);
		let announced = false;
		void child.announced.then(() => {
			announced = true;
		});
		const state = await untilReady(child, async () => announced, START_LIMIT_MS);
		if (state === 'ready')
			return {
				url,
				port,
				pid: child.pid,
				logFile: child.logFile,
				exited: child.exited,
				tail: child.tail,
				stop: child.stop,
			};
		await child.stop();
		const tail = await child.tail(12);
		if (!tail.includes('is already in use') || attempt === 5)
			throw new InstanceFault(`Directus did not start:\n${tail}`);
		wanted = wanted === undefined ? undefined : port + 1;
	}
}
