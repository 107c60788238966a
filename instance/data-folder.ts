import { chmod, mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, InstanceFault } from './fault.ts';
import { readJson, writePrivateJson } from './private-files.ts';
import { commandLine } from './processes.ts';

/** Raised when the layout of the folder changes; a migration step then stands in `migrate`. */
const LAYOUT = 1;
/** A cluster with Directus in it takes about 120 MB with its first WAL segments, uploads and logs come on top. */
const NEEDED_BYTES = 300 * 1024 * 1024;
const OUR_COMMAND = 'instance/start';

export interface DataFolder {
	readonly path: string;
	readonly secrets: string;
	readonly instance: string;
	readonly processes: string;
	readonly postgres: string;
	readonly operatorKeys: string;
	readonly bundleKeys: string;
	readonly directus: string;
	readonly executorLog: string;
	readonly state: string;
	/** Lets the next run in; call it last. */
	release(): Promise<void>;
}

/** Another run holds the folder: its process id. */
export interface Busy {
	readonly pid: number;
}

async function nearestExisting(path: string): Promise<string> {
	for (let here = path; ; here = dirname(here)) {
		if (await readdir(here).catch(() => undefined)) return here;
		if (here === dirname(here)) return here;
	}
}

async function assertSpace(path: string): Promise<void> {
	const { bavail, bsize } = await statfs(await nearestExisting(path));
	if (bavail * bsize >= NEEDED_BYTES) return;
	const free = Math.floor((bavail * bsize) / 1024 / 1024);
	throw new InstanceFault(
		`${path}: only ${free} MB free, ${NEEDED_BYTES / 1024 / 1024} MB are needed. Make room, or set GOVERNED_DATA_DIR to a folder on another disk.`,
	);
}

async function assertOurs(path: string): Promise<void> {
	const names = await readdir(path);
	const version = await readJson(join(path, 'layout.json'));
	const layout =
		typeof version === 'object' && version !== null && 'layout' in version ? Number(version.layout) : undefined;
	if (layout !== undefined && layout > LAYOUT) {
		throw new InstanceFault(
			`${path} was made by a newer version of this package. Update, or set GOVERNED_DATA_DIR to another folder.`,
		);
	}
	if (layout === undefined && names.some((name) => name !== 'run.lock' && !name.startsWith('layout.json'))) {
		throw new InstanceFault(
			`${path} holds other files and is no data folder of this project. Set GOVERNED_DATA_DIR to an empty or new folder.`,
		);
	}
	if (layout !== LAYOUT) await writePrivateJson(join(path, 'layout.json'), { layout: LAYOUT });
}

async function prepare(path: string): Promise<void> {
	await assertOurs(path);
	await chmod(path, 0o711);
}

/** Exactly one run at a time: the file is made by whoever is first; one whose maker is gone is taken over. */
async function lock(file: string): Promise<Busy | undefined> {
	for (let attempt = 0; attempt < 5; attempt += 1) {
		try {
			await writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 });
			return undefined;
		} catch (error) {
			if (codeOf(error) !== 'EEXIST') throw error;
		}
		const pid = Number(await readFile(file, 'utf8').catch(() => ''));
		if (pid > 0 && pid !== process.pid && (await commandLine(pid)).includes(OUR_COMMAND)) return { pid };
		await rm(file, { force: true });
	}
	throw new InstanceFault(`${file} cannot be taken. Remove it and start again.`);
}

/**
 * Takes the data folder for this run, or says who has it. The folder may be entered by everybody (PostgreSQL's account
 * must reach its data) but each secret in it is a file of mode 0600 or a folder of mode 0700.
 */
export async function openDataFolder(path: string): Promise<DataFolder | Busy> {
	try {
		await assertSpace(path);
		await mkdir(path, { recursive: true, mode: 0o711 });
		const busy = await lock(join(path, 'run.lock'));
		if (busy) return busy;
		await prepare(path).catch(async (error: unknown) => {
			await rm(join(path, 'run.lock'), { force: true });
			throw error;
		});
	} catch (error) {
		if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(codeOf(error))) {
			throw new InstanceFault(
				`${path} cannot be used as data folder (${codeOf(error)}). Set GOVERNED_DATA_DIR to a folder you may write.`,
			);
		}
		throw error;
	}
	return {
		path,
		secrets: join(path, 'secrets.json'),
		instance: join(path, 'instance.json'),
		processes: join(path, 'processes.json'),
		postgres: join(path, 'postgres'),
		operatorKeys: join(path, 'operator-keys'),
		bundleKeys: join(path, 'keys'),
		directus: join(path, 'directus'),
		executorLog: join(path, 'executor.log'),
		state: join(path, 'state.json'),
		release: () => rm(join(path, 'run.lock'), { force: true }),
	};
}
