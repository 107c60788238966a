import { fileURLToPath } from 'node:url';
import { startTestInstance } from '../../instance/harness.ts';
import { call } from '../../instance/http.ts';
import { EDITOR } from '../../instance/principals.ts';
import { withClient } from '../../instance/roles.ts';
import { startDurableCluster } from './instances.ts';
import { requestsPerSecond } from './load.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const LOAD = { seconds: 4, connections: 8, status: 200 };
const PAIRS = 9;
const COLLECTIONS = ['bench_stewarded', 'bench_free'];

/** A steward's creates against the same creates by the same person in an ungoverned collection of the same Directus. */
export async function benchStewards(say: (line: string) => void): Promise<PairedResult[]> {
	const cluster = await startDurableCluster();
	const instance = await startTestInstance({
		cluster: cluster.handle,
		config: fileURLToPath(new URL('stewards.config.ts', import.meta.url)),
		prepare: (database) =>
			withClient(database.directusUrl, async (client) => {
				for (const name of COLLECTIONS)
					await client.query(`create table ${name} (id serial primary key, title text, price integer)`);
			}),
	});
	try {
		for (const collection of COLLECTIONS) {
			await call(`${instance.url}/collections/${collection}`, {
				method: 'PATCH',
				token: instance.adminToken,
				body: { meta: { hidden: false } },
			});
		}
		await call(`${instance.url}/permissions`, {
			method: 'POST',
			token: instance.adminToken,
			body: COLLECTIONS.flatMap((collection) =>
				['create', 'read'].map((action) => ({ policy: EDITOR.policy, collection, action, fields: ['*'] })),
			),
		});
		const creates = (collection: string) => () =>
			requestsPerSecond({
				...LOAD,
				url: `${instance.url}/items/${collection}`,
				token: instance.editorToken,
				body: (n) => ({ title: `row ${n}`, price: n }),
			});
		return [
			await comparePaired(
				{
					name: 'stewarded creates through Directus',
					unit: 'requests/s',
					aim: 0.95,
					ours: creates('bench_stewarded'),
					yardstick: creates('bench_free'),
				},
				PAIRS,
				say,
			),
		];
	} finally {
		await instance.stop();
		await cluster.stop();
	}
}
