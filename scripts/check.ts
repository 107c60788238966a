/**
 * Runs the repository's checks, which are the `check:*` scripts of package.json, and ends with their count.
 *
 *   node scripts/check.ts                  all of them
 *   node scripts/check.ts format lint      only those
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';

interface Outcome {
	readonly passed: boolean;
	readonly output: string;
	readonly seconds: number;
}

const PREFIX = 'check:';

function readChecks(): Map<string, string> {
	const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
	const checks = Object.entries(manifest.scripts).filter(([name]) => name.startsWith(PREFIX));
	return new Map(checks.map(([name, command]) => [name.slice(PREFIX.length), command]));
}

/** Runs the command as npm would: from the package root, the packages' programs and this very Node first on the path. */
function runCommand(command: string): Promise<Outcome> {
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

function choose(checks: Map<string, string>, names: readonly string[]): [name: string, command: string][] {
	const unknown = names.filter((name) => !checks.has(name));
	if (unknown.length > 0) {
		process.stderr.write(
			`check: no check is named ${unknown.join(', ')}; there are ${[...checks.keys()].join(', ')}\n`,
		);
		process.exit(1);
	}
	return [...checks].filter(([name]) => names.length === 0 || names.includes(name));
}

const chosen = choose(readChecks(), process.argv.slice(2));
let failed = 0;
for (const [name, command] of chosen) {
	const outcome = await runCommand(command);
	process.stdout.write(`${outcome.passed ? 'ok  ' : 'FAIL'} ${name} (${outcome.seconds.toFixed(1)} s)\n`);
	if (outcome.passed) continue;
	failed += 1;
	process.stdout.write(`${command}\n${outcome.output.trimEnd()}\n\n`);
}
process.stdout.write(`Checks: ${chosen.length - failed} passed, ${failed} failed\n`);
// No check at all is no proof of anything.
process.exitCode = failed === 0 && chosen.length > 0 ? 0 : 1;
