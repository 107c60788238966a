import { request } from '../support/told.ts';
import type { Actor, CensusPath } from '../support/types.ts';

export const PEOPLE: readonly Actor[] = ['public', 'editor', 'admin', 'agent'];

const rest = (
	id: string,
	covers: string | string[],
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `rest.${id}`,
	surface: 'rest',
	covers: [covers].flat(),
	actors: PEOPLE,
	layer: 'bundle',
	attack,
	...more,
});

const ITEMS = '/items/gov_items';
const POST = 'route POST /items/:collection';
const PATCH = 'route PATCH /items/:collection';
const PATCH_ONE = 'route PATCH /items/:collection/:pk';
const DELETE = 'route DELETE /items/:collection';
const DELETE_ONE = 'route DELETE /items/:collection/:pk';
const x = { title: 'attacked' };
const filter = { title: { _eq: 'row 1' } };

export const REST: readonly CensusPath[] = [
	rest('create-one', POST, request('POST', ITEMS, x)),
	rest('create-many', POST, request('POST', ITEMS, [x, x])),
	rest('create-links', POST, request('POST', '/items/gov_links', { parent: 1, item: 1 })),
	rest('create-with-key', POST, request('POST', ITEMS, { id: 900, ...x })),
	rest('update-key', PATCH_ONE, request('PATCH', `${ITEMS}/1`, x)),
	rest('update-key-same-value', PATCH_ONE, request('PATCH', `${ITEMS}/1`, { title: 'row 1' }), {
		trace: 'row-version',
	}),
	rest('update-keys', PATCH, request('PATCH', ITEMS, { keys: [1, 2], data: x })),
	rest(
		'update-array',
		PATCH,
		request('PATCH', ITEMS, [
			{ id: 1, ...x },
			{ id: 2, title: 'too' },
		]),
	),
	rest('update-query', PATCH, request('PATCH', ITEMS, { query: { filter }, data: x })),
	rest('update-query-all', PATCH, request('PATCH', ITEMS, { query: { limit: -1 }, data: x })),
	rest('delete-key', DELETE_ONE, request('DELETE', `${ITEMS}/4`)),
	rest('delete-keys', DELETE, request('DELETE', ITEMS, [4, 6])),
	rest('delete-keys-object', DELETE, request('DELETE', ITEMS, { keys: [4, 6] })),
	rest('delete-query', DELETE, request('DELETE', ITEMS, { query: { filter: { id: { _gt: 4 } } } })),
	rest('singleton-update', PATCH, request('PATCH', '/items/gov_single', x)),
	rest('singleton-fields-query', PATCH, request('PATCH', '/items/gov_single?fields=*', { note: 'attacked' })),
	rest(
		'search-then-nothing',
		'route SEARCH /items/:collection',
		request('SEARCH', ITEMS, { query: { filter }, data: x }),
		{
			layer: 'directus',
		},
	),
	rest('update-junction', PATCH_ONE, request('PATCH', '/items/gov_links/1', { note: 'attacked' })),
	rest('delete-junction', DELETE_ONE, request('DELETE', '/items/gov_links/2')),
	rest('update-translation', PATCH_ONE, request('PATCH', '/items/gov_texts/1', x)),
	rest('update-inactive', PATCH_ONE, request('PATCH', '/items/gov_off/1', x), { layer: 'directus' }),
	rest('unknown-table', POST, request('POST', '/items/gov_plain', { id: 2, ...x })),
];
