import { request } from '../support/told.ts';
import type { CensusPath } from '../support/types.ts';
import { PEOPLE } from './rest.ts';

const PATCH_ONE = 'route PATCH /items/:collection/:pk';

/** Through an open collection: nobody asked to write the governed one. */
const nested = (id: string, body: unknown, more: Partial<CensusPath> = {}): CensusPath => ({
	id: `nested.${id}`,
	surface: 'nested',
	covers: [PATCH_ONE],
	actors: PEOPLE,
	layer: 'bundle',
	attack: request('PATCH', '/items/open_parent/1', body),
	...more,
});

const created = (id: string, body: unknown): CensusPath =>
	nested(id, body, {
		covers: ['route POST /items/:collection'],
		attack: request('POST', '/items/open_parent', body),
	});

const x = { title: 'attacked' };
const detailed = (field: string, changes: { create?: unknown[]; update?: unknown[]; delete?: unknown[] }) => ({
	[field]: { create: [], update: [], delete: [], ...changes },
});

export const NESTED: readonly CensusPath[] = [
	nested('o2m-create', detailed('children', { create: [x] })),
	nested('o2m-update', detailed('children', { update: [{ id: 5, ...x }] })),
	nested('o2m-delete', detailed('children', { delete: [5] })),
	nested('o2m-create-partial', { children: { create: [x] } }),
	nested('o2m-delete-only', { children: { delete: [5] } }),
	nested('o2m-array-adds', { children: [5, x] }),
	nested('o2m-array-adopts', { children: [5, 2] }),
	nested('o2m-array-edits', { children: [{ id: 5, ...x }] }),
	nested('o2m-array-deselects', { children: [] }),
	created('o2m-create-with-parent', { title: 'new', children: [x] }),
	created('o2m-adopt-with-parent', { title: 'new', children: [2] }),
	created('o2m-create-with-parent-detailed', { title: 'new', ...detailed('children', { create: [x] }) }),
	nested('m2o-create', { item: x }),
	nested('m2o-update', { item: { id: 1, ...x } }),
	created('m2o-create-with-parent', { title: 'new', item: x }),
	nested('m2m-junction-create', detailed('links', { create: [{ item: 3 }] })),
	nested('m2m-junction-update', detailed('links', { update: [{ id: 1, note: 'attacked' }] })),
	nested('m2m-junction-delete', detailed('links', { delete: [1] })),
	nested('m2m-junction-array', { links: [1] }),
	nested('m2m-far-create', detailed('tags', { create: [{ item: x }] })),
	nested('m2m-far-update', detailed('tags', { update: [{ id: 1, item: { id: 3, ...x } }] })),
	nested('m2m-far-array', { tags: [{ id: 1, item: { id: 3, ...x } }] }),
	nested('m2a-create', detailed('blocks', { create: [{ collection: 'gov_items', item: x }] })),
	nested('m2a-update', detailed('blocks', { update: [{ id: 1, collection: 'gov_items', item: { id: 4, ...x } }] })),
	nested('m2a-array', { blocks: [{ id: 1, collection: 'gov_items', item: { id: 4, ...x } }] }),
	nested('translations-create', detailed('translations', { create: [{ languages_code: { code: 'de' }, ...x }] })),
	nested('translations-update', detailed('translations', { update: [{ id: 1, ...x }] })),
	nested('translations-delete', detailed('translations', { delete: [1] })),
	nested('translations-array', { translations: [{ id: 1, ...x }] }),
	nested('three-deep', {
		...detailed('tags', { update: [{ id: 1, parent: { id: 1, ...detailed('children', { create: [x] }) } }] }),
	}),
	nested('batch-of-parents', undefined, {
		covers: ['route PATCH /items/:collection'],
		attack: request('PATCH', '/items/open_parent', [
			{ id: 1, children: [] },
			{ id: 2, children: [x] },
		]),
	}),
];
