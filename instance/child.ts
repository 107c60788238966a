import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';

/** How a child ended; `error` when it never started. */
export interface Exit {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly error?: Error;
}

export interface Child {
	readonly pid: number;
	readonly logFile: string;
	readonly exited: Promise<Exit>;
	/** Resolves when the child says `ready`; never without `announces`. */
	readonly announced: Promise<void>;
	/** The last lines the child wrote, newest last. */
	tail(lines?: number): Promise<string>;
	/** Asks with the first signal, insists with the second after `graceMs`; resolves when the child is gone. */
	stop(): Promise<void>;
}

export interface ChildOptions {
	readonly command: string;
	readonly args: readonly string[];
	readonly cwd: string;
	readonly env: NodeJS.ProcessEnv;
	readonly logFile: string;
	readonly account?: { readonly uid: number; readonly gid: number } | undefined;
	readonly signals?: readonly [NodeJS.Signals, NodeJS.Signals];
	readonly graceMs?: number;
	/** Give it a channel on which it says `ready` by itself: an answer on a port may come from somebody else. */
	readonly announces?: boolean;
}

/**
 * Ends `pid` when this process dies without having stopped it (SIGKILL included): a shell waits on a pipe whose other
 * end only we hold. In its own session, so that Ctrl-C reaches us first and children end in order.
 */
function guardAgainstOurDeath(
	pid: number,
	signals: readonly [NodeJS.Signals, NodeJS.Signals],
): ChildProcess | undefined {
	if (process.platform === 'win32') return undefined;
	const [ask, insist] = signals.map((signal) => signal.slice(3)) as [string, string];
	const script = 'cat >/dev/null; kill -s "$1" "$2" 2>/dev/null || exit 0; sleep 6; kill -s "$3" "$2" 2>/dev/null';
	const watcher = spawn('/bin/sh', ['-c', script, 'governed-watch', ask, String(pid), insist], {
		cwd: '/',
		env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
		detached: true,
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	watcher.on('error', () => {});
	watcher.unref();
	if (watcher.stdin instanceof Socket) watcher.stdin.unref();
	return watcher;
}

/** Starts a child that logs to a file (a pipe would break under it if we were killed) and never outlives this process. */
export async function startChild(options: ChildOptions): Promise<Child> {
	const signals = options.signals ?? (['SIGTERM', 'SIGKILL'] as const);
	const log = openSync(options.logFile, 'w', 0o600);
	const child = spawn(options.command, options.args, {
		cwd: options.cwd,
		env: options.env,
		detached: process.platform !== 'win32',
		stdio: options.announces ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
		...(options.account ?? {}),
	});
	closeSync(log);
	const exited = new Promise<Exit>((resolve) => {
		child.once('error', (error) => resolve({ code: null, signal: null, error }));
		child.once('exit', (code, signal) => resolve({ code, signal }));
	});
	const announced = new Promise<void>((resolve) => {
		child.on('message', (message) => message === 'ready' && resolve());
	});
	child.channel?.unref();
	const pid = child.pid;
	if (pid === undefined) throw (await exited).error ?? new Error(`${options.command} did not start`);
	const watcher = guardAgainstOurDeath(pid, signals);
	void exited.then(() => watcher?.kill('SIGKILL'));
	return {
		pid,
		logFile: options.logFile,
		exited,
		announced,
		tail: (lines = 12) => tailOf(options.logFile, lines),
		stop: () => stopChild(child, exited, signals, options.graceMs ?? 8_000),
	};
}

/**
 * Polls until `isReady` says so. `exited` when the child ended before, `late` when neither happened within `limitMs`.
 */
export async function untilReady(
	child: Child,
	isReady: () => Promise<boolean>,
	limitMs: number,
): Promise<'ready' | 'exited' | 'late'> {
	let exited = false;
	void child.exited.then(() => {
		exited = true;
	});
	const end = Date.now() + limitMs;
	while (Date.now() < end) {
		if (await isReady()) return 'ready';
		if (exited) return 'exited';
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
	return 'late';
}

/** The last `lines` lines of a log file; empty when there is none. */
async function tailOf(logFile: string, lines: number): Promise<string> {
	const text = await readFile(logFile, 'utf8').catch(() => '');
	return text.trimEnd().split('\n').slice(-lines).map(messageOfLine).join('\n');
}

/** Programs that log JSON objects carry what a person reads in `msg`. */
function messageOfLine(line: string): string {
	if (!line.startsWith('{')) return line;
	try {
		const { msg, err } = JSON.parse(line) as { msg?: unknown; err?: { message?: unknown } };
		return String(msg ?? err?.message ?? line);
	} catch {
		return line;
	}
}

async function stopChild(
	child: ChildProcess,
	exited: Promise<Exit>,
	[ask, insist]: readonly [NodeJS.Signals, NodeJS.Signals],
	graceMs: number,
): Promise<void> {
	child.kill(ask);
	const timer = setTimeout(() => child.kill(insist), graceMs);
	await exited;
	clearTimeout(timer);
}
