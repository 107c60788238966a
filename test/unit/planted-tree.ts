import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const PLANTED = join(ROOT, 'test/planted');
const BASE = join(PLANTED, 'base');

/** What decides how strict a check is; copied from this repository, so that the faults meet the real thing. */
const RULES = [
	'.dependency-cruiser.mjs',
	'.gitignore',
	'biome.json',
	'knip.json',
	'test/golden/package-contents.txt',
	'tsconfig.build.json',
	'tsconfig.json',
	'vitest.config.ts',
];

/** Packages the tree in test/planted/base needs. The others would be reported as unused there, and are not its matter. */
const NEEDED = [
	'zod',
	'@biomejs/biome',
	'@types/node',
	'dependency-cruiser',
	'knip',
	'typescript',
	'vitest',
	'vue',
	'vue-tsc',
];

interface Manifest {
	scripts: Record<string, string>;
	dependencies: Record<string, string>;
	devDependencies: Record<string, string>;
}

export interface Fault {
	readonly check: string;
	readonly name: string;
	/** What is wrong, in words. */
	readonly what: string;
	/** Texts that the check must print: the fault has to be found for its own reason, not by chance. */
	readonly reasons: readonly string[];
	/** Paths the fault takes away from the good tree. */
	readonly remove?: readonly string[];
	/** Dependencies of this repository that the good tree has no use for, declared all the same. */
	readonly declare?: readonly string[];
}

export function readManifest(): Manifest {
	return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
}

/** The scripts that checks run; the other scripts are none of their matter. */
function checkScripts(): string[] {
	const checks = Object.entries(readManifest().scripts).filter(([name]) => name.startsWith('check:'));
	return checks.flatMap(([, command]) => command.match(/scripts\/\S+\.ts/g) ?? []);
}

/** Every planted fault: one folder test/planted/<check>/<name> with a fault.json, and what is laid over the good tree. */
export function readFaults(): Fault[] {
	return readdirSync(PLANTED, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && entry.name !== 'base')
		.flatMap(({ name: check }) =>
			readdirSync(join(PLANTED, check)).map((name) => {
				const text = readFileSync(join(PLANTED, check, name, 'fault.json'), 'utf8');
				return { check, name, ...(JSON.parse(text) as Omit<Fault, 'check' | 'name'>) };
			}),
		);
}

/** A `dist` as the build leaves it: one .js and one .d.ts for each source, and the two bundles. */
function layBuild(folder: string): void {
	const sources = readdirSync(join(BASE, 'src'), { recursive: true, encoding: 'utf8' });
	const stems = sources.filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -'.ts'.length));
	const built = stems.flatMap((stem) => [`dist/lib/${stem}.js`, `dist/lib/${stem}.d.ts`]);
	for (const path of [...built, 'dist/app.js', 'dist/api.js']) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), '');
	}
}

/** What knip.json excuses has to be declared too, since an excuse nobody needs is itself a fault. */
function excused(): string[] {
	const { ignoreDependencies } = JSON.parse(readFileSync(join(ROOT, 'knip.json'), 'utf8')) as {
		ignoreDependencies: string[];
	};
	return ignoreDependencies;
}

function layManifest(folder: string, declared: readonly string[]): void {
	const kept = new Set([...NEEDED, ...excused(), ...declared]);
	const manifest = readManifest();
	const needed = (packages: Record<string, string>) =>
		Object.fromEntries(Object.entries(packages).filter(([name]) => kept.has(name)));
	const { dependencies, devDependencies } = manifest;
	const text = JSON.stringify(
		{ ...manifest, dependencies: needed(dependencies), devDependencies: needed(devDependencies) },
		null,
		'\t',
	);
	writeFileSync(join(folder, 'package.json'), `${text}\n`);
}

/**
 * Links every package. Where a fault brings a package of its own, the tool that reads it is copied instead of linked,
 * since Node resolves from where a file really is.
 */
function layPackages(folder: string, fault: Fault | undefined): void {
	const own = fault ? join(PLANTED, fault.check, fault.name, 'packages') : '';
	if (!existsSync(own)) {
		symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
		return;
	}
	mkdirSync(join(folder, 'node_modules'));
	const replaced = [...readdirSync(own), 'dependency-cruiser'];
	for (const name of readdirSync(join(ROOT, 'node_modules')).filter((found) => !replaced.includes(found))) {
		symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
	}
	cpSync(join(ROOT, 'node_modules/dependency-cruiser'), join(folder, 'node_modules/dependency-cruiser'), {
		recursive: true,
	});
	cpSync(own, join(folder, 'node_modules'), { recursive: true });
}

/** A small repository in a new folder: the good tree under the real rules and, when given, the fault laid over it. */
export function plant(fault?: Fault): string {
	const folder = mkdtempSync(join(tmpdir(), 'governed-planted-'));
	cpSync(BASE, folder, { recursive: true });
	for (const path of [...RULES, ...checkScripts()]) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
	layManifest(folder, fault?.declare ?? []);
	layBuild(folder);
	layPackages(folder, fault);
	if (fault) {
		const tree = join(PLANTED, fault.check, fault.name, 'tree');
		if (existsSync(tree)) cpSync(tree, folder, { recursive: true });
		for (const path of fault.remove ?? []) rmSync(join(folder, path), { recursive: true });
	}
	return folder;
}

/** The rules of a configuration file that no fault of `check` names. */
export function unnamed(check: string, rules: readonly string[]): string[] {
	const reasons = readFaults()
		.filter((fault) => fault.check === check)
		.flatMap((fault) => fault.reasons);
	return rules.filter((rule) => !reasons.some((reason) => reason.includes(rule)));
}
