import { CENSUS_SURFACES, type CensusCount, type CensusProbe } from '../../contracts/census.ts';

/** Every known surface with what became of it. One nobody tried is known, not probed and not demonstrated. */
export function countCensus(probes: readonly CensusProbe[]): CensusCount[] {
	return CENSUS_SURFACES.map((surface) => {
		const mine = probes.filter((probe) => probe.surface === surface);
		const count = (state: CensusProbe['state']): number => mine.filter((probe) => probe.state === state).length;
		const [refused, through] = [count('refused'), count('not_refused')];
		return {
			surface,
			known: Math.max(mine.length, 1),
			probed: refused + through,
			refused,
			not_refused: through,
			owner_can: count('owner_can'),
			not_demonstrated: mine.length === 0 ? 1 : count('not_demonstrated'),
		};
	});
}
