import { open, readFile } from 'node:fs/promises';
import type { JWK } from 'jose';

/** The folder of keys lacks what is needed, or holds something else. `message` says which file and what to do. */
export class KeyFault extends Error {
	override readonly name = 'KeyFault';
}

/** Writes a key file that is not there yet; a lost key is replaced by rotation, never overwritten by accident. */
export async function writeNewKey(path: string, content: object, mode: number): Promise<void> {
	const file = await open(path, 'wx', mode);
	try {
		await file.writeFile(`${JSON.stringify(content, null, '\t')}\n`);
		await file.sync();
	} finally {
		await file.close();
	}
}

/** The JSON of a key file. Throws {@link KeyFault}; `hint` says how the operator gets the file. */
export async function readKeyFile(path: string, hint: string): Promise<JWK> {
	const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
		throw new KeyFault(
			error.code === 'ENOENT' ? `${path} does not exist. ${hint}` : `${path} cannot be read (${error.code})`,
		);
	});
	try {
		return JSON.parse(text) as JWK;
	} catch {
		throw new KeyFault(`${path} is not a JSON Web Key`);
	}
}
