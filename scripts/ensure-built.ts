/**
 * Builds the package when its output is missing or older than its sources, and otherwise does nothing.
 *
 *   node scripts/ensure-built.ts
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['src', 'extensions', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
/** What the build writes last: while one of them is missing or old, the build has not ended. */
const OUTPUTS = ['dist/lib/cli/main.js', 'dist/app.js', 'dist/api.js'];
const LOCK = join(ROOT, 'node_modules', '.cache', 'governed-dispatch', 'build.lock');

/** Folders count too, so that a removed source is noticed. Milliseconds since the epoch; 0 when the path is absent. */
function newestIn(path: string): number {
	const found = statSync(path, { throwIfNoEntry: false });
	if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
	return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

/** Whether every output is there and none is older than a source. */
export function isBuilt(): boolean {
	const newest = Math.max(...SOURCES.map((path) => newestIn(join(ROOT, path))));
	return OUTPUTS.every((path) => newestIn(join(ROOT, path)) > newest);
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/**
 * One build at a time in a clone, since it begins by removing `dist`. A lock whose holder is gone is taken over; then
 * `interrupted` is true, as what that build left cannot be trusted.
 */
async function withLock(work: (interrupted: boolean) => Promise<void>): Promise<void> {
	mkdirSync(dirname(LOCK), { recursive: true });
	let interrupted = false;
	for (;;) {
		try {
			writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
			break;
		} catch {
			const holder = Number(readFileSync(LOCK, { encoding: 'utf8', flag: 'a+' }));
			if (isAlive(holder)) await new Promise((resolve) => setTimeout(resolve, 200));
			else {
				interrupted = true;
				rmSync(LOCK, { force: true });
			}
		}
	}
	try {
		await work(interrupted);
	} finally {
		rmSync(LOCK, { force: true });
	}
}

/** `npm run build` with this very Node; its output is kept and shown only when it fails. */
function build(): Promise<void> {
	const npm = process.env.npm_execpath;
	const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
	const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
	return new Promise((resolve, reject) => {
		const child = spawn(command, [...args, 'run', '--silent', 'build'], {
			cwd: ROOT,
			env: { ...process.env, PATH: path },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let output = '';
		const collect = (chunk: Buffer) => {
			output += chunk.toString();
		};
		child.stdout.on('data', collect);
		child.stderr.on('data', collect);
		child.once('error', reject);
		child.once('close', (code) => {
			if (code === 0 && isBuilt()) resolve();
			else reject(new Error(`npm run build failed:\n${output.trim().split('\n').slice(-30).join('\n')}`));
		});
	});
}

/** Makes sure `dist` is there and fresh. Throws with the end of the build's output when it cannot. */
export async function ensureBuilt(): Promise<'fresh' | 'built'> {
	if (!existsSync(LOCK) && isBuilt()) return 'fresh';
	await withLock(async (interrupted) => {
		if (interrupted || !isBuilt()) await build();
	});
	return 'built';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const fail = (error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
		process.exitCode = 1;
	};
	await ensureBuilt().catch(fail);
}
