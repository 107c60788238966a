import { spawn } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from './bundle.ts';
import { type Child, startChild, untilReady } from './child.ts';
import { InstanceFault } from './fault.ts';
import { call } from './http.ts';
import { portFrom } from './ports.ts';
import { AGENT } from './principals.ts';
import { DEFAULT_ROLES } from './roles.ts';

export const COMMAND = join(REPOSITORY, 'dist', 'lib', 'cli', 'main.js');
const PUBLIC_KEY = 'policy.public.jwk';
const EXECUTOR_LIMIT_MS = 20_000;

export interface OperatorSettings {
	readonly operatorUrl: string;
	readonly readerUrl: string;
	readonly executorUrl?: string;
	/** The operator's key folder; holds the private key. */
	readonly keysDir: string;
	readonly directusUrl?: string;
	readonly directusToken?: string;
	readonly directusRole?: string;
}

/** Environment of the operator's command line, as `docs` tells an operator to set it. */
export function operatorEnvironment(settings: OperatorSettings): NodeJS.ProcessEnv {
	return {
		PATH: process.env.PATH,
		HOME: process.env.HOME,
		TMPDIR: process.env.TMPDIR,
		GOVERNED_OPERATOR_URL: settings.operatorUrl,
		GOVERNED_READER_URL: settings.readerUrl,
		GOVERNED_KEYS_DIR: settings.keysDir,
		...(settings.executorUrl === undefined ? {} : { GOVERNED_EXECUTOR_URL: settings.executorUrl }),
		GOVERNED_DIRECTUS_ROLE: settings.directusRole ?? DEFAULT_ROLES.directus,
		GOVERNED_AGENT_ROLES: AGENT.role,
		...(settings.directusUrl === undefined ? {} : { GOVERNED_DIRECTUS_URL: settings.directusUrl }),
		...(settings.directusToken === undefined ? {} : { GOVERNED_DIRECTUS_TOKEN: settings.directusToken }),
	};
}

export interface CommandResult {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs `governed <args>` as a process of its own; an exit code is a result, only a missing program throws. */
export function governed(args: readonly string[], env: NodeJS.ProcessEnv, cwd = REPOSITORY): Promise<CommandResult> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
		let [stdout, stderr] = ['', ''];
		child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
		child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
		child.once('error', reject);
		child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
	});
}

/** `governed apply`, making the operator's key pair when there is none; throws with its own words when it refuses. */
export async function applyConfig(
	env: NodeJS.ProcessEnv,
	config: string,
	options: readonly string[] = [],
): Promise<CommandResult> {
	await mkdir(String(env.GOVERNED_KEYS_DIR), { recursive: true, mode: 0o700 });
	const result = await governed(['apply', '--config', config, '--init-keys', '--json', ...options], env);
	if (result.code === 0) return result;
	const said = result.stderr.trim() === '' ? result.stdout : result.stderr;
	throw new InstanceFault(`governed apply --config ${config} ended with ${result.code}:\n${said.trim().slice(-2_000)}`);
}

/** Gives Directus the public key and nothing else of the operator's folder. */
export async function publishKey(operatorKeys: string, bundleKeys: string): Promise<void> {
	await mkdir(bundleKeys, { recursive: true, mode: 0o755 });
	await cp(join(operatorKeys, PUBLIC_KEY), join(bundleKeys, PUBLIC_KEY));
}

export interface Executor extends Child {
	readonly url: string;
	readonly port: number;
}

async function addressOf(logFile: string): Promise<string | undefined> {
	return /listens on (http:\S+?),/.exec(await readFile(logFile, 'utf8').catch(() => ''))?.[1];
}

/**
 * Starts `governed executor` and waits until it listens, on `wanted`, the next free port, or any when `wanted` is 0. It
 * listens before its database is ready, so that its address can stand in the contracts.
 */
export async function launchExecutor(env: NodeJS.ProcessEnv, wanted: number, logFile: string): Promise<Executor> {
	for (let attempt = 1, first = wanted; ; attempt += 1) {
		const port = wanted === 0 ? 0 : await portFrom(first);
		const args = [COMMAND, 'executor', '--host', '127.0.0.1', '--port', String(port)];
		const child = await startChild({ command: process.execPath, args, cwd: REPOSITORY, env, logFile, graceMs: 4_000 });
		const listens = async () => (await addressOf(logFile)) !== undefined;
		const state = await untilReady(child, listens, EXECUTOR_LIMIT_MS);
		const url = await addressOf(logFile);
		if (state === 'ready' && url) return { ...child, url, port: Number(new URL(url).port) };
		await child.stop();
		const tail = await child.tail(8);
		if (!tail.includes('EADDRINUSE') || attempt === 5) throw new InstanceFault(`The executor did not start:\n${tail}`);
		first = port + 1;
	}
}

/** Waits until a started executor can do all that a dry run needs. */
export async function untilHealthy(executor: Executor): Promise<void> {
	const healthy = async () => {
		const answer = await call(`${executor.url}/healthz`, { timeoutMs: 2_000 }).catch(() => undefined);
		return answer?.status === 200;
	};
	if ((await untilReady(executor, healthy, EXECUTOR_LIMIT_MS)) === 'ready') return;
	throw new InstanceFault(`The executor did not become healthy:\n${await executor.tail(8)}`);
}
