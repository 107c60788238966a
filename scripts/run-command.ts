import { spawn } from 'node:child_process';
import { delimiter, dirname, resolve } from 'node:path';

export interface Outcome {
	readonly passed: boolean;
	/** Both streams, in the order they arrived. */
	readonly output: string;
	readonly seconds: number;
}

/**
 * Runs a command line as an npm script would run: from the package root, with the packages' programs first on the path,
 * but also with this very Node, whatever `node` means outside. Never throws; a program that cannot start has failed.
 */
export function runCommand(command: string): Promise<Outcome> {
	const started = performance.now();
	const path = [resolve('node_modules/.bin'), dirname(process.execPath), process.env.PATH].join(delimiter);
	return new Promise((settle) => {
		const child = spawn(command, {
			shell: true,
			stdio: ['ignore', 'pipe', 'pipe'],
			env: { ...process.env, PATH: path },
		});
		let output = '';
		const collect = (chunk: Buffer) => {
			output += chunk.toString();
		};
		const finish = (passed: boolean) => settle({ passed, output, seconds: (performance.now() - started) / 1000 });
		child.stdout.on('data', collect);
		child.stderr.on('data', collect);
		child.on('error', (error) => {
			output += `${error.message}\n`;
			finish(false);
		});
		child.on('close', (code) => finish(code === 0));
	});
}
