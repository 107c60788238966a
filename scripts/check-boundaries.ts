/**
 * Checks the direction of imports with the rules in .dependency-cruiser.mjs.
 *
 * dependency-cruiser reports success when it sees nothing, which is what happens under a compiler it does not know. So
 * the cruise counts only when every source file is among its modules and every relative import in it was noticed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const FOLDERS = ['src', 'extensions', 'governance', 'instance', 'scripts', 'test'];
const SOURCE = /\.(ts|vue)$/;
/** A static import or export of something by a relative path, as it stands at the start of a line. */
const RELATIVE_IMPORT = /^(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*'(\.{1,2}\/[^']+)'/gm;

function sourceFiles(): string[] {
	return FOLDERS.filter((folder) => existsSync(folder))
		.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
		.filter((file) => SOURCE.test(file) && !file.startsWith(join('test', 'planted')) && !file.endsWith('.d.ts'));
}

function blindSpots(result: ICruiseResult, files: readonly string[]): string[] {
	const modules = new Map(result.modules.map((module) => [module.source, module.dependencies]));
	return files.flatMap((file) => {
		const dependencies = modules.get(file);
		if (dependencies === undefined) return [`not-seen: ${file} was not cruised`];
		const seen = new Set(dependencies.map((dependency) => dependency.module));
		return [...readFileSync(file, 'utf8').matchAll(RELATIVE_IMPORT)]
			.map((match) => match[1] ?? '')
			.filter((path) => !seen.has(path))
			.map((path) => `not-seen: ${file} imports ${path}, and the cruise did not notice`);
	});
}

const files = sourceFiles();
const options = await extractDepcruiseOptions(join(process.cwd(), '.dependency-cruiser.mjs'));
const { output } = await cruise(files, options, {}, { tsConfig: extractTSConfig('tsconfig.json') });
if (typeof output === 'string') throw new Error('dependency-cruiser answered with a report instead of a result');

const violations = output.summary.violations.map(({ rule, from, to, cycle }) => {
	const path = cycle ? cycle.map((step) => step.name).join(' -> ') : to;
	return `${rule.name}: ${from} -> ${path}`;
});
const faults = [...blindSpots(output, files), ...violations];
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(
	`boundaries: ${files.length} files, ${output.summary.totalDependenciesCruised ?? 0} imports seen\n`,
);
if (files.length === 0) process.stdout.write('boundaries: no source file found\n');
process.exitCode = faults.length === 0 && files.length > 0 ? 0 : 1;
