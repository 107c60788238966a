/**
 * Builds dist: the library (src to dist/lib) and the bundle that Directus loads (dist/app.js, dist/api.js), side by side.
 *
 * The bundle is not minified: an auditor can read what runs beside the data, and it builds in half the time.
 */
import { rmSync } from 'node:fs';
import { runCommand } from './run-command.ts';

const STEPS = {
	'dist/lib': 'tsc -p tsconfig.build.json --noCheck --pretty false',
	'dist/app.js and dist/api.js': 'directus-extension build --no-minify',
};

async function runStep([target, command]: [string, string]): Promise<boolean> {
	const { passed, output, seconds } = await runCommand(command);
	process.stderr.write(passed ? `built ${target} (${seconds.toFixed(1)} s)\n` : `${command} failed:\n${output}\n`);
	return passed;
}

process.stderr.write('building the library and the bundle\n');
rmSync('dist', { recursive: true, force: true });
const results = await Promise.all(Object.entries(STEPS).map(runStep));
if (results.includes(false)) {
	// A half-built dist must not be taken for a built one.
	rmSync('dist', { recursive: true, force: true });
	process.exitCode = 1;
}
