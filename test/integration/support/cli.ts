import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How one run of the command line ended. */
export interface Ran {
	code: number;
	stdout: string;
	stderr: string;
}

/** Runs `governed` from the sources, with exactly this environment; an exit code is a result. */
export async function runCli(args: readonly string[], environment: Record<string, string>): Promise<Ran> {
	const env = { PATH: process.env.PATH, ...environment };
	try {
		return { code: 0, ...(await promisify(execFile)(process.execPath, ['src/cli/main.ts', ...args], { env })) };
	} catch (error) {
		return error as Ran;
	}
}
