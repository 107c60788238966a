import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, InstanceFault, messageOf } from './fault.ts';
import type { PostgresMajor } from './postgres-binaries.ts';
import { randomSecret, readJson, writePrivateJson } from './private-files.ts';
import { endLeftover, isAlive } from './processes.ts';
import { type Account, canReach, ownFolder } from './unprivileged.ts';

const run = promisify(execFile);
const SECRET = 'governed-superuser.json';
const OWNER = 'governed-owner.json';

/** Environment of the PostgreSQL programs: nothing of ours, messages in English. */
export const POSTGRES_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', LANG: 'C', TZ: 'UTC' } as const;

/** Where the cluster really goes: `wanted`, or a folder below /var/tmp when PostgreSQL's account cannot walk there. */
export async function clusterFolder(
	wanted: string,
	account: Account | undefined,
	log: (line: string) => void,
): Promise<string> {
	const folder = resolve(wanted);
	await mkdir(dirname(folder), { recursive: true, mode: 0o711 });
	if (await canReach(dirname(folder), account)) return folder;
	const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12);
	const target = join(await ownFolder(`/var/tmp/governed-dispatch-${hash}`), basename(folder));
	await bindTo(`${folder}.elsewhere`, target, log);
	log(`PostgreSQL runs as nobody, who cannot reach ${dirname(folder)}: its data is in ${dirname(target)}`);
	return target;
}

/**
 * A cluster elsewhere belongs to the data folder that says so. One whose data folder was removed cannot be used any
 * more (its keys and tokens went with the folder) and must not come back as if it were new; it is moved aside.
 */
async function bindTo(marker: string, cluster: string, log: (line: string) => void): Promise<void> {
	const bound = (await readFile(marker, 'utf8').catch(() => '')).trim() === cluster;
	if (!bound && (await stat(cluster).catch(() => undefined))) {
		await clearLeftover(cluster);
		const aside = `${cluster}.${Date.now()}`;
		await rename(cluster, aside);
		log(`The data folder of an earlier instance is gone; its database was moved to ${aside}`);
	}
	if (!bound) await writeFile(marker, `${cluster}\n`, { mode: 0o600 });
}

/** Creates the cluster when there is none, and says clearly when there is one of another major version. */
export async function ensureCluster(
	folder: string,
	major: PostgresMajor,
	bin: string,
	account: Account | undefined,
): Promise<void> {
	await dropAbandonedDrafts(folder);
	const found = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => undefined);
	if (found === undefined) return createCluster(folder, bin, account);
	if (found.trim() === major) return;
	throw new InstanceFault(
		`${folder} holds data of PostgreSQL ${found.trim()}, this version runs PostgreSQL ${major}. ` +
			'Move the folder away (a new one is made), or set GOVERNED_DATA_DIR to another.',
	);
}

/** Built beside its place and renamed into it, so that a kill leaves a whole cluster or none. */
async function createCluster(folder: string, bin: string, account: Account | undefined): Promise<void> {
	const draft = `${folder}.draft-${process.pid}`;
	const password = randomSecret();
	const passwordFile = `${draft}.password`;
	await mkdir(draft, { mode: 0o700 });
	await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
	try {
		for (const path of account ? [draft, passwordFile] : []) await chown(path, account?.uid ?? 0, account?.gid ?? 0);
		await run(
			join(bin, 'initdb'),
			[
				'-D',
				draft,
				'-U',
				'postgres',
				'-A',
				'scram-sha-256',
				`--pwfile=${passwordFile}`,
				'--no-sync',
				'--no-locale',
				'--encoding=UTF8',
			],
			{
				cwd: '/',
				env: POSTGRES_ENV,
				...(account ?? {}),
			},
		);
		await writePrivateJson(join(draft, SECRET), { password });
		if (account) await chown(join(draft, SECRET), account.uid, account.gid);
		await rename(draft, folder);
	} catch (error) {
		await rm(draft, { recursive: true, force: true });
		if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return;
		throw new InstanceFault(`PostgreSQL could not create its data in ${folder}: ${initdbReason(error)}`);
	} finally {
		await rm(passwordFile, { force: true });
	}
}

/** The lines that say why; the rest is progress and clean-up. */
function initdbReason(error: unknown): string {
	const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
	const reasons = stderr.split('\n').filter((line) => /FATAL|PANIC|could not|No space/.test(line));
	return reasons.length === 0 ? messageOf(error) : reasons.slice(-2).join(' ').trim();
}

async function dropAbandonedDrafts(folder: string): Promise<void> {
	const mark = `${basename(folder)}.draft-`;
	for (const name of await readdir(dirname(folder))) {
		const pid = Number.parseInt(name.slice(mark.length), 10);
		if (name.startsWith(mark) && !isAlive(pid)) await rm(join(dirname(folder), name), { recursive: true, force: true });
	}
}

/** The superuser's password, made when the cluster was. */
export async function superuserPassword(folder: string): Promise<string> {
	const stored = await readJson(join(folder, SECRET));
	if (typeof stored === 'object' && stored !== null && 'password' in stored) return String(stored.password);
	throw new InstanceFault(
		`${folder} is a PostgreSQL cluster this project did not make (no ${SECRET} in it). Set GOVERNED_DATA_DIR to another folder.`,
	);
}

/** Notes that this process runs the cluster, so that the next run can tell a leftover from a neighbour. */
export async function noteOwner(folder: string, account: Account | undefined): Promise<void> {
	await writePrivateJson(join(folder, OWNER), { pid: process.pid });
	if (account) await chown(join(folder, OWNER), account.uid, account.gid);
}

/** Ends a server that a killed run left on this cluster; refuses when the run that started it is still alive. */
export async function clearLeftover(folder: string): Promise<void> {
	const pidFile = join(folder, 'postmaster.pid');
	const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0] ?? '', 10);
	if (!Number.isInteger(pid)) return;
	const owner = await readJson(join(folder, OWNER));
	const ownerPid = typeof owner === 'object' && owner !== null && 'pid' in owner ? Number(owner.pid) : 0;
	if (isAlive(pid) && ownerPid > 0 && ownerPid !== process.pid && isAlive(ownerPid)) {
		throw new InstanceFault(
			`${folder} is in use by process ${ownerPid}. Stop that one first, or set GOVERNED_DATA_DIR to another folder.`,
		);
	}
	if (!(await endLeftover(pid, ['postgres', folder], ['SIGINT', 'SIGQUIT', 'SIGKILL']))) {
		throw new InstanceFault(
			`A PostgreSQL server left by an earlier run (process ${pid}) does not end. Stop it and start again.`,
		);
	}
	await rm(pidFile, { force: true });
}
