import { at, call } from '../../instance/http.ts';
import { startBenchInstance, startDurableCluster } from './instances.ts';
import { requestsPerSecond } from './load.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const LOAD = { seconds: 4, connections: 16 };
const unit = 'requests/s';

/** A user without any permission on the instance without the bundle: Directus's own 403. */
async function tokenWithoutPermissions(url: string, adminToken: string): Promise<string> {
	const token = 'bench-no-permissions-0000000000000000';
	const role = await call(`${url}/roles`, { method: 'POST', token: adminToken, body: { name: 'bench' } });
	await call(`${url}/users`, {
		method: 'POST',
		token: adminToken,
		body: { email: 'bench@example.com', role: at(role.body, 'data', 'id'), token, status: 'active' },
	});
	return token;
}

/** Creates in an open collection with and without the bundle, and our refusal against Directus's own. */
export async function benchGuard(say: (line: string) => void): Promise<PairedResult[]> {
	const cluster = await startDurableCluster();
	const [guarded, plain] = [await startBenchInstance(cluster, true), await startBenchInstance(cluster, false)];
	try {
		for (const { url, adminToken } of [guarded, plain]) {
			await call(`${url}/collections/bench_open`, {
				method: 'PATCH',
				token: adminToken,
				body: { meta: { hidden: false } },
			});
		}
		const create = (instance: typeof guarded) => () =>
			requestsPerSecond({
				...LOAD,
				status: 200,
				url: `${instance.url}/items/bench_open`,
				token: instance.adminToken,
				body: (n) => ({ title: `row ${n}` }),
			});
		const creates = await comparePaired(
			{ name: 'creates in an open collection', unit, aim: 0.95, ours: create(guarded), yardstick: create(plain) },
			15,
			say,
		);
		const powerless = await tokenWithoutPermissions(plain.url, plain.adminToken);
		const refusals = await comparePaired(
			{
				name: 'refusals, evidence durable',
				unit,
				aim: 1.25,
				ours: () =>
					requestsPerSecond({
						...LOAD,
						status: 403,
						url: `${guarded.url}/items/governance_canonical_operation_vocab`,
						token: guarded.adminToken,
						body: () => ({ operation: 'x' }),
					}),
				yardstick: () =>
					requestsPerSecond({
						...LOAD,
						status: 403,
						url: `${plain.url}/items/bench_open`,
						token: powerless,
						body: () => ({ title: 'x' }),
					}),
			},
			7,
			say,
		);
		return [creates, refusals];
	} finally {
		await guarded.stop();
		await plain.stop();
		await cluster.stop();
	}
}
