import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ClusterHandle, startCluster } from '../../instance/cluster.ts';
import { pathsFor } from './all-paths.ts';
import { faultsOf } from './support/faults.ts';
import { tableOf, writeCoverage } from './support/report.ts';
import { runCensus } from './support/run-census.ts';
import type { Strength } from './support/strength.ts';
import { directusVersion } from './support/surfaces.ts';
import { startWorld } from './support/world.ts';

/** What `census.test.ts` walks whole on PostgreSQL 18 and `separated`, elsewhere with the strongest actor of each path. */
let fifteen: Awaited<ReturnType<typeof startCluster>>;

beforeAll(async () => {
	fifteen = await startCluster('15');
});

afterAll(() => fifteen?.stop());

const MATRIX: { postgres: string; strength: Strength; cluster: () => ClusterHandle }[] = [
	{ postgres: '18', strength: 'single-role', cluster: () => inject('cluster') },
	{ postgres: '15', strength: 'separated', cluster: () => fifteen.handle },
	{ postgres: '15', strength: 'single-role', cluster: () => fifteen.handle },
];

describe.each(MATRIX)('on PostgreSQL $postgres, $strength', ({ postgres, strength, cluster }) => {
	test('every path as its strongest actor is refused, and would change the data without the guard', async () => {
		const paths = pathsFor(strength);
		const world = await startWorld(cluster(), strength);
		try {
			const begun = Date.now();
			const cells = await runCensus(world, paths, { actors: 'strongest' });
			const seconds = Math.round((Date.now() - begun) / 1_000);
			const faults = faultsOf(paths, cells);
			const run = { directus: await directusVersion(), postgres, strength, actors: 'strongest', seconds } as const;
			process.stderr.write(tableOf({ ...run, paths, cells, faults }));
			await writeCoverage({ ...run, paths, cells, faults });
			expect(faults.join('\n\n')).toBe('');
		} finally {
			await world.stop();
		}
	});
});
