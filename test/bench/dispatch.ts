import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { withClient } from '../../instance/roles.ts';
import { layTrivialEndpoint, startBenchInstance, startDurableCluster } from './instances.ts';
import { requestsPerSecond } from './load.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const LOAD = { seconds: 4, connections: 32, status: 200 };
const PAIRS = 7;

/**
 * PLAN_ONLY against an authenticated endpoint that does nothing, on the same Directus with the same token: once with
 * commits that wait for the disk, once without (what the decision costs before its evidence is durable).
 */
export async function benchDispatch(say: (line: string) => void): Promise<PairedResult[]> {
	const cluster = await startDurableCluster();
	const instance = await startBenchInstance(cluster, true);
	try {
		await layTrivialEndpoint(join(instance.folder, 'directus'));
		await instance.restartDirectus();
		const run = randomUUID();
		const ours = () =>
			requestsPerSecond({
				...LOAD,
				url: `${instance.url}/governance/dispatch`,
				token: instance.agentToken,
				body: (n) => ({ tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', correlation_id: `${run}-${Date.now()}-${n}` }),
			});
		const yardstick = () =>
			requestsPerSecond({
				...LOAD,
				url: `${instance.url}/trivial`,
				token: instance.agentToken,
				body: (n) => ({ tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', correlation_id: `${run}-${n}` }),
			});
		const unit = 'requests/s';
		const durable = await comparePaired(
			{ name: 'PLAN_ONLY, evidence durable', unit, aim: 0.85, ours, yardstick },
			PAIRS,
			say,
		);
		await withClient(instance.database.superuserUrl, async (client) => {
			await client.query('alter system set synchronous_commit = off');
			await client.query('select pg_reload_conf()');
		});
		const early = await comparePaired(
			{ name: 'PLAN_ONLY, evidence not awaited', unit, aim: 0.9, ours, yardstick },
			PAIRS,
			say,
		);
		return [durable, early];
	} finally {
		await instance.stop();
		await cluster.stop();
	}
}
