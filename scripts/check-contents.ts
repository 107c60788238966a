/**
 * Compares what `npm publish` would ship with test/golden/package-contents.txt.
 *
 *   node scripts/check-contents.ts           report every difference
 *   node scripts/check-contents.ts --write   make the golden file say what is shipped now
 *
 * A golden line may hold `*`, which stands for any characters. dist/lib is one such line: its files must mirror src
 * instead, one .js and one .d.ts for each source file, so that a leftover of an earlier build is found.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, join } from 'node:path';
import ts from 'typescript';

interface Manifest {
	readonly bin: Record<string, string>;
	readonly exports: Record<string, string | Record<string, string>>;
	readonly 'directus:extension': { readonly path: Record<string, string> };
}

const GOLDEN = 'test/golden/package-contents.txt';
const LIBRARY = 'dist/lib/';
const FORBIDDEN: readonly [pattern: RegExp, what: string][] = [
	[/(^|\/)(test|tests|instance|scripts|extensions|src|node_modules|\.governed|\.git)\//, 'not part of the product'],
	[/(^|\/)\.env/, 'an environment file'],
	[/\.(pem|key|jwk|p12|pfx)$/, 'a key'],
	[/\.(map|tsbuildinfo|log|tgz)$/, 'a by-product of a tool'],
	[/\.(test|spec)\./, 'a test'],
];
/** What Directus provides to an extension at run time; everything else must be inside the bundle. */
const PROVIDED: Readonly<Record<string, readonly string[]>> = {
	'dist/api.js': ['directus', 'directus:api'],
	'dist/app.js': ['@directus/extensions-sdk', 'vue', 'vue-router', 'vue-i18n', 'pinia'],
};
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----\\?[rn\s]+[A-Za-z0-9+/=]{40}/;

/** Paths that npm would pack. Scripts stay off: packing must not build. */
function packedFiles(): string[] {
	const text = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'ignore'],
		shell: process.platform === 'win32',
	});
	const [report] = JSON.parse(text) as { files: { path: string }[] }[];
	return (report?.files ?? []).map((file) => file.path).sort();
}

function namedByManifest(): string[] {
	const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
	const targets = Object.values(manifest.exports).flatMap((entry) =>
		typeof entry === 'string' ? [entry] : Object.values(entry),
	);
	return [...Object.values(manifest.bin), ...targets, ...Object.values(manifest['directus:extension'].path)].map(
		(path) => path.replace(/^\.\//, ''),
	);
}

function expectedLibrary(): string[] {
	return readdirSync('src', { recursive: true, encoding: 'utf8' })
		.filter((name) => extname(name) === '.ts' && !name.endsWith('.d.ts'))
		.map((name) => LIBRARY + name.replaceAll('\\', '/').slice(0, -'.ts'.length))
		.flatMap((stem) => [`${stem}.js`, `${stem}.d.ts`]);
}

function asPattern(line: string): RegExp {
	const escaped = line.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
	return new RegExp(`^${escaped}$`);
}

function goldenLines(): string[] {
	const text = existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8') : '';
	return text.split('\n').filter((line) => line !== '');
}

function leaks(path: string): string[] {
	const text = readFileSync(path, 'utf8');
	const faults: string[] = [];
	if (PRIVATE_KEY.test(text)) faults.push(`leaked: ${path} holds a private key`);
	if (text.includes(join(process.cwd(), '/'))) faults.push(`leaked: ${path} names the folder it was built in`);
	return faults;
}

/** Modules a JavaScript file imports, by statement or by call. */
function importsOf(path: string): string[] {
	const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS);
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		const isStatement = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
		const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
		const module = isStatement ? node.moduleSpecifier : isCall ? node.arguments[0] : undefined;
		if (module && ts.isStringLiteral(module)) found.push(module.text);
		ts.forEachChild(node, visit);
	};
	visit(file);
	return found;
}

/** The bundler only warns about an import it cannot resolve, and leaves it for Directus to stumble over. */
function unbundled(path: string): string[] {
	const provided = PROVIDED[path];
	if (provided === undefined || !existsSync(path)) return [];
	return importsOf(path)
		.filter((name) => !provided.includes(name) && !(path === 'dist/api.js' && isBuiltin(name)))
		.map((name) => `unbundled: ${path} imports ${name}, which Directus does not provide`);
}

function compare(packed: readonly string[], golden: readonly string[]): string[] {
	const patterns = golden.map((line) => ({ line, pattern: asPattern(line) }));
	const library = expectedLibrary();
	const builtLibrary = packed.filter((path) => path.startsWith(LIBRARY));
	return [
		...packed.flatMap((path) =>
			FORBIDDEN.filter(([pattern]) => pattern.test(path)).map(([, what]) => `forbidden: ${path} is ${what}`),
		),
		...packed
			.filter((path) => !patterns.some(({ pattern }) => pattern.test(path)))
			.map((path) => `unexpected: ${path}`),
		...patterns
			.filter(({ pattern }) => !packed.some((path) => pattern.test(path)))
			.map(({ line }) => `missing: ${line}`),
		...namedByManifest()
			.filter((path) => !packed.includes(path))
			.map((path) => `missing: ${path}, which package.json names`),
		...builtLibrary.filter((path) => !library.includes(path)).map((path) => `stale: ${path} has no source file`),
		...library.filter((path) => !builtLibrary.includes(path)).map((path) => `missing: ${path}, which src has`),
		...packed.flatMap(leaks),
		...packed.flatMap(unbundled),
	];
}

function write(packed: readonly string[], golden: readonly string[]): void {
	mkdirSync(dirname(GOLDEN), { recursive: true });
	const patterns = golden.filter((line) => line.includes('*'));
	const rest = packed.filter((path) => !patterns.some((line) => asPattern(line).test(path)));
	writeFileSync(GOLDEN, `${[...patterns, ...rest].sort().join('\n')}\n`);
	process.stdout.write(`contents: wrote ${GOLDEN}\n`);
}

const packed = packedFiles();
if (!packed.some((path) => path.startsWith('dist/'))) {
	process.stderr.write('contents: dist is missing; run "npm run build" first\n');
	process.exit(1);
}
if (process.argv.includes('--write')) write(packed, goldenLines());
const faults = compare(packed, goldenLines());
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`contents: ${packed.length} files\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
