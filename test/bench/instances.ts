import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startCluster } from '../../instance/cluster.ts';
import { startTestInstance, type TestInstance } from '../../instance/harness.ts';
import { withClient } from '../../instance/roles.ts';

/** A local extension with the least an authenticated endpoint can do: the yardstick for dispatch. */
const TRIVIAL_ENDPOINT = `export default {
	id: 'trivial',
	handler: (router) => router.post('/', (req, res) => {
		if (!req.accountability?.user) return res.status(401).json({ errors: [] });
		res.json({ data: { ok: true } });
	}),
};`;

export async function layTrivialEndpoint(directusFolder: string): Promise<void> {
	const folder = join(directusFolder, 'extensions', 'directus-extension-trivial');
	await mkdir(join(folder, 'dist'), { recursive: true });
	const manifest = {
		name: 'directus-extension-trivial',
		version: '1.0.0',
		type: 'module',
		'directus:extension': { type: 'endpoint', path: 'dist/index.js', source: 'index.js', host: '^12.0.0' },
	};
	await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
	await writeFile(join(folder, 'dist', 'index.js'), TRIVIAL_ENDPOINT);
}

/** The extension that times Directus from inside. */
export async function layInside(directusFolder: string): Promise<void> {
	const source = fileURLToPath(new URL('inside', import.meta.url));
	await cp(source, join(directusFolder, 'extensions', 'directus-extension-bench-inside'), { recursive: true });
}

/** Where the extension finds the modules of the Directus that runs it. */
export function insideEnvironment(): Record<string, string> {
	const directus = createRequire(import.meta.url).resolve('directus/package.json');
	const line = createRequire(directus).resolve('@directus/api/cli/run.js');
	return { BENCH_API: new URL('..', pathToFileURL(line)).href.replace(/\/$/, '') };
}

type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** A cluster that really waits for its disk: tests switch fsync off, a benchmark must not. */
export async function startDurableCluster(): Promise<Cluster> {
	const cluster = await startCluster();
	await withClient(cluster.server.superuserUrl('postgres'), async (client) => {
		await client.query('alter system set fsync = on');
		await client.query('alter system set synchronous_commit = on');
		await client.query('alter system set full_page_writes = on');
		await client.query('select pg_reload_conf()');
	});
	return cluster;
}

/** A Directus with an open collection `bench_open`; with or without the bundle. */
export function startBenchInstance(
	cluster: Cluster,
	bundle: boolean,
	env: Record<string, string> = {},
): Promise<TestInstance> {
	return startTestInstance({
		env,
		cluster: cluster.handle,
		bundle,
		governed: bundle,
		config: fileURLToPath(new URL('bench.config.ts', import.meta.url)),
		prepare: (database) =>
			withClient(database.directusUrl, async (client) => {
				await client.query('create table bench_open (id serial primary key, title text)');
			}),
	});
}
