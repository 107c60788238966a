import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}

/** The command line of a process, arguments joined by blanks; empty when it is gone. */
export async function commandLine(pid: number): Promise<string> {
	if (process.platform === 'linux') {
		const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
		return raw.replaceAll('\0', ' ').trim();
	}
	return run('ps', ['-o', 'command=', '-p', String(pid)]).then(
		({ stdout }) => stdout.trim(),
		() => '',
	);
}

/** Waits until the process is gone; false when it still lives after `limitMs`. */
export async function waitUntilGone(pid: number, limitMs: number): Promise<boolean> {
	const end = Date.now() + limitMs;
	while (isAlive(pid)) {
		if (Date.now() > end) return false;
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
	return true;
}

/**
 * Ends a process an earlier, killed run left behind, but only when its command line still holds every one of `marks`:
 * the id may belong to somebody else by now. True when nothing of ours is left under that id.
 */
export async function endLeftover(
	pid: number,
	marks: readonly string[],
	signals: readonly NodeJS.Signals[],
): Promise<boolean> {
	for (const signal of signals) {
		const command = await commandLine(pid);
		if (command === '' || !marks.every((mark) => command.includes(mark))) return true;
		try {
			process.kill(pid, signal);
		} catch {
			return !isAlive(pid);
		}
		if (await waitUntilGone(pid, 8_000)) return true;
	}
	return !isAlive(pid);
}
