import type { Pool } from 'pg';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { CatalogueWatch } from '../../service/ports/database-guards.ts';
import { cannotBeAsked } from './connection-lost.ts';
import { changedDescriptions, describedDigests } from './described-digest.ts';

/** Rows are read, not the catalogue, so less often than it: an edit with the guard off shows there at once. */
const FRESH_MS = 10_000;

/**
 * Adds to what the catalogue shows the collections whose describing rows are not those that were signed: they were edited
 * while the guards were off, and nothing in the catalogue tells that. `elapsed` gives milliseconds that never go back.
 */
export function withDescriptions(
	watch: CatalogueWatch,
	pool: Pick<Pool, 'query'>,
	elapsed: () => number,
): CatalogueWatch {
	let last: { policy: PolicyDocument; at: number; catalogue: string; drift: string[] } | undefined;

	return {
		async drift(policy) {
			const found = await watch.drift(policy);
			const catalogue = found.join('\n');
			const stale = last?.policy !== policy || last.catalogue !== catalogue || elapsed() - last.at > FRESH_MS;
			if (!last || stale) last = { policy, at: elapsed(), catalogue, drift: await edited(pool, policy) };
			return [...found, ...last.drift];
		},
	};
}

async function edited(pool: Pick<Pool, 'query'>, { described }: PolicyDocument): Promise<string[]> {
	try {
		const found = await describedDigests(pool, Object.keys(described));
		return changedDescriptions(described, found).map(
			(name) => `the rows that describe ${name} in Directus are not those that were signed`,
		);
	} catch (error) {
		if (cannotBeAsked(error)) throw error;
		return [`how governed collections are described could not be read (SQLSTATE ${sqlstateOf(error)})`];
	}
}

const sqlstateOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);
