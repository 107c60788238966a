import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PostgresMajor, postgresBinaries } from '../../../instance/postgres-binaries.ts';

const FIRST = Buffer.from('\0ALTER ACCESS METHOD\0');
const TAG = /^[A-Z][A-Z ]*$/;

/**
 * The command tags compiled into this server, read from its binary: the table `cmdtaglist` is one run of strings. A few
 * that end like another string of the program lie elsewhere; the manual's list has those.
 */
export async function serverCommands(major: PostgresMajor): Promise<string[]> {
	const { bin } = await postgresBinaries(major, undefined);
	const bytes = await readFile(join(bin, process.platform === 'win32' ? 'postgres.exe' : 'postgres'));
	const tags: string[] = [];
	for (let at = bytes.indexOf(FIRST) + 1; at > 0; ) {
		const end = bytes.indexOf(0, at);
		const word = bytes.toString('latin1', at, end);
		if (word !== '' && !TAG.test(word)) break;
		if (word !== '') tags.push(word);
		at = end + 1;
	}
	return tags;
}
