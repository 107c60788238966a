import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bringUp } from './bring-up.ts';
import { type Busy, type DataFolder, openDataFolder } from './data-folder.ts';
import { codeOf, InstanceFault, messageOf } from './fault.ts';
import { ProcessLedger } from './leftovers.ts';
import { HELP, readOptions, type StartOptions } from './options.ts';
import { createOutput, type Output } from './output.ts';
import { isAlive } from './processes.ts';
import { type InstanceRecord, readRecord, removeRecord } from './record.ts';
import { assertSuperuser } from './roles.ts';
import type { Running } from './steps.ts';
import { walk } from './walk/index.ts';
import { describeRow } from './walk/table.ts';

const ATTACH_LIMIT_MS = 120_000;
const INTERRUPTED = 130;

async function walkAndShow(record: InstanceRecord, options: StartOptions, output: Output): Promise<boolean> {
	const report = await walk(record, (row) => {
		if (!options.json) output.data(`${describeRow(row, output)}\n`);
	});
	if (options.json) output.data(JSON.stringify(report, null, 2));
	return report.ok;
}

const recordFile = ({ dataDir }: StartOptions): string => join(dataDir, 'instance.json');

/** Where to go and how to get in; beside a JSON document it is talk. */
function showAddress(
	{ directus_url, admin_email, admin_password }: InstanceRecord,
	options: StartOptions,
	output: Output,
): void {
	const show = options.json ? output.say : output.data;
	show(
		[
			output.paint('bold', `Studio    ${directus_url}/admin`),
			`Login     ${admin_email}`,
			`Password  ${admin_password}`,
			output.paint('dim', `Tokens and database URLs for scripts: ${recordFile(options)}`),
		].join('\n'),
	);
}

/** Somebody else runs the instance of this folder: wait until it is ready, walk through it, leave it alone. */
async function attach({ pid }: Busy, options: StartOptions, output: Output): Promise<number> {
	const file = recordFile(options);
	output.say(`The instance in ${options.dataDir} is already run by process ${pid}; walking through that one.`);
	const end = Date.now() + ATTACH_LIMIT_MS;
	while (isAlive(pid) && Date.now() < end) {
		const record = await readRecord(file, pid);
		if (record) {
			const ok = await walkAndShow(record, options, output);
			showAddress(record, options, output);
			return ok ? 0 : 1;
		}
		await sleep(250);
	}
	throw new InstanceFault(`Process ${pid} holds ${options.dataDir} but did not get ready. End it, then start again.`);
}

async function untilStopped({ directus, executor }: Running, interrupted: Promise<number>): Promise<number> {
	const ended = (name: string, child: { exited: Promise<unknown>; tail(lines: number): Promise<string> }) =>
		child.exited.then(async () => {
			throw new InstanceFault(`${name} ended by itself:\n${await child.tail(8)}`);
		});
	return Promise.race([interrupted, ended('Directus', directus), ended('The executor', executor)]);
}

async function runInstance(
	folder: DataFolder,
	options: StartOptions,
	output: Output,
	closers: Closer[],
	interrupted: Promise<number>,
): Promise<number> {
	const ledger = new ProcessLedger(folder.processes);
	await removeRecord(folder.instance);
	await ledger.endLeftovers();
	closers.push(
		() => ledger.forget(),
		() => removeRecord(folder.instance),
	);
	const live = process.stderr.isTTY === true && process.stderr.columns >= 40 && !options.json;
	const running = await bringUp({ options, folder, ledger, closers, live }, output.say);
	const ok = await walkAndShow(running.record, options, output);
	if (options.once) return ok ? 0 : 1;
	showAddress(running.record, options, output);
	output.say(`${ok ? '' : 'The walk found a fault, see above. '}Up until Ctrl-C.`);
	return untilStopped(running, interrupted);
}

type Closer = () => Promise<unknown>;

async function closeAll(closers: Closer[]): Promise<void> {
	for (const close of closers.splice(0).reverse()) await close().catch(() => {});
}

async function start(options: StartOptions, output: Output): Promise<number> {
	if (options.postgresUrl !== undefined) await assertSuperuser(options.postgresUrl);
	const folder = await openDataFolder(options.dataDir);
	if ('pid' in folder) return attach(folder, options, output);
	const closers: Closer[] = [folder.release];
	const interrupted = new Promise<number>((resolve) => {
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
			process.on(signal, () => resolve(signal === 'SIGTERM' ? 0 : INTERRUPTED));
	});
	try {
		return await Promise.race([
			runInstance(folder, options, output, closers, interrupted),
			interrupted.then((code) => {
				output.say('\nStopping …');
				return code;
			}),
		]);
	} finally {
		await closeAll(closers);
	}
}

function explain(error: unknown): string {
	if (codeOf(error) === 'ENOSPC')
		return 'No space is left on the disk. Make room, or set GOVERNED_DATA_DIR to a folder on another one.';
	if (error instanceof InstanceFault || error instanceof Error)
		return error instanceof InstanceFault ? error.message : (error.stack ?? messageOf(error));
	return messageOf(error);
}

async function main(): Promise<number> {
	const output = createOutput({ json: process.argv.includes('--json') });
	try {
		const options = readOptions(process.argv.slice(2), process.env);
		if (!options.help) return await start(options, output);
		output.data(HELP);
		return 0;
	} catch (error) {
		output.say(`${output.paint('red', 'npm start:')} ${explain(error)}`);
		return 1;
	}
}

// Ends here and now: a step that a signal overtook may still hold the event loop; its children end with this process.
process.exit(await main());
