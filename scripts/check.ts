/**
 * Runs the repository's checks, which are the `check:*` scripts of package.json, and ends with their count.
 *
 *   node scripts/check.ts                  all of them
 *   node scripts/check.ts format lint      only those
 */
import { readFileSync } from 'node:fs';
import { runCommand } from './run-command.ts';

const PREFIX = 'check:';

function readChecks(): Map<string, string> {
	const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
	const checks = Object.entries(manifest.scripts).filter(([name]) => name.startsWith(PREFIX));
	return new Map(checks.map(([name, command]) => [name.slice(PREFIX.length), command]));
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
