import { CANNOT_REACH, type Reason } from '../known-surfaces.ts';
import type { CensusPath } from './types.ts';

export interface Classified {
	known: number;
	/** Names some path goes through. */
	probed: string[];
	/** Names of which `known-surfaces.ts` says why they cannot reach governed data. */
	excused: string[];
	/** Names Directus has and nobody classified: a new release brings some. */
	unclassified: string[];
	/** Names a path or the data file speaks of and this Directus does not have. */
	stale: string[];
}

/** Compares what the running Directus has with what the paths cover and the data file excuses. */
export function classify(
	known: readonly string[],
	paths: readonly CensusPath[],
	reasons: readonly Reason[] = CANNOT_REACH,
): Classified {
	const covered = new Set(paths.flatMap(({ covers }) => covers));
	const patterns = reasons.flatMap(({ names }) => names);
	const probed = known.filter((name) => covered.has(name));
	const excused = known.filter((name) => !covered.has(name) && patterns.includes(name));
	const unclassified = known.filter((name) => !probed.includes(name) && !excused.includes(name));
	const named = [...covered].filter((name) => !/^(extension |route GET )/.test(name));
	return {
		known: known.length,
		probed,
		excused,
		unclassified,
		stale: [
			...named.filter((name) => !known.includes(name)),
			...patterns.filter((pattern) => !known.includes(pattern)),
		],
	};
}
