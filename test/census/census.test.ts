import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pathsFor } from './all-paths.ts';
import { classify } from './support/classify.ts';
import { faultsOf } from './support/faults.ts';
import { tableOf, writeCoverage } from './support/report.ts';
import { runCensus } from './support/run-census.ts';
import { directusVersion, knownSurfaces } from './support/surfaces.ts';
import { startWorld, type World } from './support/world.ts';

/** `CENSUS_ONLY=flows npm run test:census -- census.test` looks at the paths whose id matches, and writes no coverage. */
const word = process.env.CENSUS_ONLY;
const only = ({ id }: { id: string }) => new RegExp(word ?? '').test(id);
const paths = pathsFor('separated');

let world: World;

beforeAll(async () => {
	world = await startWorld(inject('cluster'));
});

afterAll(() => world?.stop());

test('every path as every actor is refused, and would change the data without the guard', async () => {
	const surfaces = classify(await knownSurfaces(world.baseline), paths);
	const begun = Date.now();
	const cells = await runCensus(world, paths, { actors: 'all', only });
	const run = {
		directus: await directusVersion(),
		postgres: '18',
		strength: 'separated',
		actors: 'all',
		seconds: Math.round((Date.now() - begun) / 1_000),
		paths: paths.filter(only),
		cells,
		faults: faultsOf(paths, cells, word === undefined ? surfaces : undefined),
		surfaces,
	} as const;
	process.stderr.write(tableOf(run));
	if (word === undefined) await writeCoverage(run);
	expect(run.faults.join('\n\n')).toBe('');
});
