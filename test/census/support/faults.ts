import type { Classified } from './classify.ts';
import type { Cell, CensusPath } from './types.ts';

/** What is wrong with a run, one text for each: cells that are not as they must be, paths no cell showed, surfaces nobody classified. */
export function faultsOf(paths: readonly CensusPath[], cells: readonly Cell[], surfaces?: Classified): string[] {
	const faults = cells
		.filter(({ fault }) => fault !== '')
		.map(({ path, actor, fault }) => `${path} as ${actor}: ${fault}`);
	for (const { id, layer } of paths) {
		const own = cells.filter(({ path }) => path === id);
		if (own.length === 0 || layer === 'directus' || own.some(({ baseline }) => baseline === 'shown')) continue;
		faults.push(`${id}: no actor changes anything without the guard, so it shows nothing: ${own.at(-1)?.answered}`);
	}
	for (const name of surfaces?.unclassified ?? []) {
		faults.push(`${name}: this Directus has it, and neither a path goes through it nor known-surfaces.ts excuses it`);
	}
	for (const name of surfaces?.stale ?? []) {
		faults.push(`${name}: a path or known-surfaces.ts speaks of it, and this Directus does not have it`);
	}
	return faults;
}
