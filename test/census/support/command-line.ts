import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { directusEnvironmentFor } from '../../../instance/cluster.ts';
import { commandLineFile } from '../../../instance/directus.ts';
import type { Side, Told } from './types.ts';

export interface DirectusCommand {
	/** Loads the extensions of the instance, the bundle among them. */
	extensions: boolean;
	env?: Record<string, string>;
}

/** Runs one command of Directus's own command line against the database of a side, as a process of its own. */
export function directusCommand(
	side: Side,
	args: readonly string[],
	{ extensions, env = {} }: DirectusCommand,
): Promise<Told> {
	const { instance, cluster, extensionsDir } = side;
	const cwd = join(instance.folder, 'directus');
	const child = spawn(process.execPath, [commandLineFile(), ...args], {
		cwd,
		env: {
			...directusEnvironmentFor(cluster, instance.database.directusUrl, instance.bundleKeysDir),
			EXTENSIONS_PATH: extensions ? extensionsDir : join(instance.folder, 'no-extensions'),
			LOG_LEVEL: 'info',
			...env,
		},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	return new Promise((resolve, reject) => {
		let text = '';
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding('utf8').on('data', (chunk: string) => {
				text += chunk;
			});
		}
		child.once('error', reject);
		child.once('close', (code) => resolve({ status: code === 0 ? 200 : 500, text: text.slice(-3_000) }));
	});
}
