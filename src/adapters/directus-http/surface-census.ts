import type { CensusProbe } from '../../contracts/census.ts';
import { visibleCollections } from './collections.ts';
import { mcpCensus } from './mcp-census.ts';
import type { DirectusAccess } from './request.ts';
import { restCensus } from './rest-census.ts';
import { websocketCensus } from './websocket-census.ts';

/** How many collections are tried over every surface: the guard is one and the same for all, and each try leaves an evidence entry. */
const TRIED = 3;

/**
 * Tries the surfaces of a running Directus with requests that could change nothing even where nobody refused them.
 * `governed`: names, content first. Nothing is tried where the token sees none of them. Rejects when Directus does not answer.
 */
export async function surfaceCensus(access: DirectusAccess, governed: readonly string[]): Promise<CensusProbe[]> {
	const collections = (await visibleCollections(access, governed)).slice(0, TRIED);
	if (collections.length === 0) return [];
	return [
		...(await restCensus(access, collections)),
		...(await websocketCensus(access, collections)),
		...(await mcpCensus(access, collections)),
	];
}
