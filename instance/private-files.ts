import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { codeOf } from './fault.ts';

/** Writes `value` as JSON with mode 0600, whole or not at all. */
export async function writePrivateJson(path: string, value: unknown): Promise<void> {
	const draft = `${path}.${process.pid}.draft`;
	await writeFile(draft, `${JSON.stringify(value, null, '\t')}\n`, { mode: 0o600 });
	await chmod(draft, 0o600);
	await rename(draft, path);
}

/** The JSON value in `path`, or undefined when the file is absent or was cut off by a kill. */
export async function readJson(path: string): Promise<unknown> {
	try {
		return JSON.parse(await readFile(path, 'utf8'));
	} catch (error) {
		if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
		throw error;
	}
}

/** A random secret that needs no escaping in a URL or a shell: 48 hexadecimal characters, 192 bits. */
export function randomSecret(): string {
	return randomBytes(24).toString('hex');
}

/**
 * Named secrets of one instance, made once and kept in `path` (mode 0600) so that the second run works with the
 * passwords of the first. A name asked for later is added.
 */
export async function keptSecrets<Name extends string>(
	path: string,
	names: readonly Name[],
): Promise<Record<Name, string>> {
	const stored = await readJson(path);
	const known = typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {};
	const secrets = Object.fromEntries(
		names.map((name) => [name, typeof known[name] === 'string' ? known[name] : randomSecret()]),
	) as Record<Name, string>;
	if (names.some((name) => known[name] !== secrets[name])) await writePrivateJson(path, { ...known, ...secrets });
	return secrets;
}
