import { constants } from 'node:fs';
import { cp, lstat, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, InstanceFault } from './fault.ts';

export interface Account {
	readonly uid: number;
	readonly gid: number;
}

/**
 * The account PostgreSQL runs as. It refuses root, so root lends it `nobody`, which every system has; anybody else
 * runs it as themselves (undefined).
 */
export async function postgresAccount(): Promise<Account | undefined> {
	if (process.getuid?.() !== 0) return undefined;
	const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
	const entry = lines.find(([name]) => name === 'nobody');
	const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
	if (!uid || !gid)
		throw new InstanceFault(
			'PostgreSQL refuses to run as root and /etc/passwd has no "nobody" to run it as. Start as an ordinary user.',
		);
	return { uid, gid };
}

async function mayEnter(folder: string, { uid, gid }: Account): Promise<boolean> {
	const { mode, uid: owner, gid: group } = await stat(folder);
	if (owner === uid) return (mode & constants.S_IXUSR) !== 0;
	if (group === gid) return (mode & constants.S_IXGRP) !== 0;
	return (mode & constants.S_IXOTH) !== 0;
}

/** Whether the account can walk from the root of the file system into `folder` (which must exist). */
export async function canReach(folder: string, account: Account | undefined): Promise<boolean> {
	if (account === undefined) return true;
	for (let at = folder; ; at = dirname(at)) {
		if (!(await mayEnter(at, account))) return false;
		if (at === dirname(at)) return true;
	}
}

/** Makes `path` a folder that only this user can have made: in a shared folder somebody else may have been first. */
export async function ownFolder(path: string, mode = 0o711): Promise<string> {
	await mkdir(path, { recursive: true, mode });
	const found = await lstat(path);
	if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) {
		throw new InstanceFault(
			`${path} belongs to another user; remove it, or set GOVERNED_DATA_DIR to a folder of yours.`,
		);
	}
	return path;
}

/** Copies a folder to `<cache>/<name>` once; two processes doing so at the same time leave one whole copy. */
export async function cachedCopy(source: string, cache: string, name: string): Promise<string> {
	const target = join(await ownFolder(cache), name);
	if (await stat(target).catch(() => undefined)) return target;
	const draft = `${target}.${process.pid}`;
	await cp(source, draft, { recursive: true, verbatimSymlinks: true });
	try {
		await rename(draft, target);
	} catch (error) {
		await rm(draft, { recursive: true, force: true });
		if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
	}
	return target;
}
