import { runCell } from './run-cell.ts';
import type { Actor, Cell, CensusPath } from './types.ts';
import type { World } from './world.ts';

/** From the weakest to the strongest: a run that is cut short tries only the last one a path has. */
const STRENGTH_ORDER: readonly Actor[] = [
	'public',
	'agent',
	'editor',
	'admin',
	'flow-public',
	'flow-trigger',
	'flow-full',
	'system',
	'operator',
];

export interface CensusOptions {
	/** Every actor of a path, or only its strongest. */
	actors: 'all' | 'strongest';
	/** Narrows the paths down, for a look at one. */
	only?: (path: CensusPath) => boolean;
}

function actorsOf(path: CensusPath, actors: CensusOptions['actors']): readonly Actor[] {
	if (actors === 'all') return path.actors;
	const strongest = [...path.actors].sort((a, b) => STRENGTH_ORDER.indexOf(b) - STRENGTH_ORDER.indexOf(a));
	return strongest.slice(0, 1);
}

/** Every path as every actor, one after another; those that change the process itself come last. */
export async function runCensus(
	world: World,
	paths: readonly CensusPath[],
	{ actors, only = () => true }: CensusOptions,
): Promise<Cell[]> {
	const cells: Cell[] = [];
	const chosen = paths.filter(only);
	for (const last of [false, true]) {
		for (const path of chosen.filter((each) => (each.last ?? false) === last)) {
			for (const actor of actorsOf(path, actors)) cells.push(await runCell(world, path, actor));
		}
	}
	return cells;
}
