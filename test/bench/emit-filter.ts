import { join } from 'node:path';
import { at, call } from '../../instance/http.ts';
import { insideEnvironment, layInside, startBenchInstance, startDurableCluster } from './instances.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const PAIRS = 15;

/**
 * `emitFilter` of Directus's own emitter with our guard listening, as a create of an open item calls it, against an emitter of
 * the same class with one listener that does nothing. Both inside one Directus process, by an extension.
 */
export async function benchEmitFilter(say: (line: string) => void): Promise<PairedResult[]> {
	const cluster = await startDurableCluster();
	const instance = await startBenchInstance(cluster, true, insideEnvironment());
	try {
		await layInside(join(instance.folder, 'directus'));
		await instance.restartDirectus();
		const nsOf = async (side: 'guarded' | 'no-op') => {
			const answer = await call(`${instance.url}/inside/emit/${side}`, { method: 'POST', token: instance.adminToken });
			const listeners = Number(at(answer.body, 'data', 'listeners'));
			if (!(listeners > 0)) throw new Error(`nothing listens on the ${side} side: ${answer.status} ${answer.text}`);
			return Number(at(answer.body, 'data', 'ns'));
		};
		const comparison = {
			name: 'emitFilter of a create, with the guard',
			unit: 'ns per event',
			better: 'lower' as const,
			aim: 2.5,
			ours: () => nsOf('guarded'),
			yardstick: () => nsOf('no-op'),
		};
		return [await comparePaired(comparison, PAIRS, say)];
	} finally {
		await instance.stop();
		await cluster.stop();
	}
}
