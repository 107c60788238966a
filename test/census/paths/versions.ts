import { request } from '../support/told.ts';
import type { CensusPath, Side } from '../support/types.ts';
import { PEOPLE } from './rest.ts';

const path = (
	id: string,
	covers: string,
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `versions.${id}`,
	surface: 'versions',
	covers: [covers],
	actors: ['editor', 'admin', 'agent'],
	layer: 'bundle',
	arrange: findVersion,
	attack,
	...more,
});

/** Made before the collection was governed; what it would be promoted onto is the row as it is. */
async function findVersion(side: Side): Promise<void> {
	const [version] = (await side.admin('/versions?filter[collection][_eq]=gov_items')) as { id: string }[];
	side.notes.set('version', version?.id);
	const { mainHash } = (await side.admin(`/versions/${version?.id}/compare`)) as { mainHash: string };
	side.notes.set('hash', mainHash);
}

const id = (side: Side) => String(side.notes.get('version'));

export const VERSIONS: readonly CensusPath[] = [
	path(
		'promote',
		'route POST /versions/:pk/promote',
		request(
			'POST',
			(side) => `/versions/${id(side)}/promote`,
			(side: Side) => ({ mainHash: side.notes.get('hash') }),
		),
	),
	path(
		'promote-fields',
		'route POST /versions/:pk/promote',
		request(
			'POST',
			(side) => `/versions/${id(side)}/promote`,
			(side: Side) => ({ mainHash: side.notes.get('hash'), fields: ['title'] }),
		),
	),
	path('read', 'route GET /items/:collection/:pk', request('GET', '/items/gov_items/2?version=draft'), {
		trace: 'row-version',
		actors: PEOPLE,
		layer: 'either',
	}),
	path('read-list', 'route GET /items/:collection', request('GET', '/items/gov_items?version=draft'), {
		trace: 'row-version',
		actors: PEOPLE,
		layer: 'either',
	}),
	// Saving writes `directus_versions` and nothing governed; what it wrote is met by `promote`.
	path(
		'save',
		'route POST /versions/:pk/save',
		request('POST', (side) => `/versions/${id(side)}/save`, { title: 'again' }),
		{ layer: 'directus' },
	),
];
