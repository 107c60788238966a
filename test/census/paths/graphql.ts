import { told } from '../support/told.ts';
import type { CensusPath } from '../support/types.ts';
import { PEOPLE } from './rest.ts';

const path = (
	id: string,
	covers: string,
	query: string,
	more: Partial<CensusPath> = {},
	where = '/graphql',
): CensusPath => ({
	id: `graphql.${id}`,
	surface: 'graphql',
	covers: [covers],
	actors: PEOPLE,
	layer: 'bundle',
	attack: async (side, actor) => told(await side.as(actor, where, { method: 'POST', body: { query } })),
	...more,
});

const items = (id: string, mutation: string, query: string, more: Partial<CensusPath> = {}) =>
	path(id, `mutation ${mutation}`, `mutation { ${query} }`, more);

const system = (id: string, mutation: string, query: string, more: Partial<CensusPath> = {}) =>
	path(
		`system-${id}`,
		`system mutation ${mutation}`,
		`mutation { ${query} }`,
		{ actors: ['editor', 'admin', 'agent'], ...more },
		'/graphql/system',
	);

const X = '{ title: "attacked" }';
const IMPORTED = 'title: "attacked"';

export const GRAPHQL: readonly CensusPath[] = [
	system(
		'collection-adopt',
		'create_collections_item',
		'create_collections_item(data: { collection: "gov_plain", meta: {} }) { collection }',
		{ layer: 'directus' },
	),
	system(
		'fields-update',
		'update_fields_items',
		'update_fields_items(collection: "gov_struct", data: [{ field: "note", meta: { note: "attacked" } }]) { field }',
	),
	items('create-item', 'create_x_item', `create_gov_items_item(data: ${X}) { id }`),
	items('create-items', 'create_x_items', `create_gov_items_items(data: [${X}, ${X}]) { id }`),
	items('update-item', 'update_x_item', `update_gov_items_item(id: 1, data: ${X}) { id }`),
	items('update-items', 'update_x_items', `update_gov_items_items(ids: [1, 4], data: ${X}) { id }`),
	items('update-batch', 'update_x_batch', `update_gov_struct_batch(data: [{ id: 1, ${IMPORTED} }]) { id }`),
	items('delete-item', 'delete_x_item', 'delete_gov_items_item(id: 4) { id }'),
	items('delete-items', 'delete_x_items', 'delete_gov_items_items(ids: [4, 6]) { ids }'),
	items('update-singleton', 'update_x', `update_gov_single(data: ${X}) { id }`),
	items('nested-o2m', 'update_x_item', `update_open_parent_item(id: 1, data: { children: [{ ${IMPORTED} }] }) { id }`),
	items('nested-m2o', 'update_x_item', `update_open_parent_item(id: 1, data: { item: { id: 1, ${IMPORTED} } }) { id }`),
	items(
		'two-in-one',
		'update_x_item',
		`one: update_open_parent_item(id: 2, data: ${X}) { id } two: update_gov_items_item(id: 1, data: ${X}) { id }`,
	),
	path('named-of-two', 'mutation update_x_item', 'unused', {
		attack: async (side, actor) => {
			const query = `query Harmless { open_parent { id } } mutation Attack { update_gov_items_item(id: 1, data: ${X}) { id } }`;
			return told(await side.as(actor, '/graphql', { method: 'POST', body: { query, operationName: 'Attack' } }));
		},
	}),
	system(
		'collection-update',
		'update_collections_item',
		'update_collections_item(collection: "gov_struct", data: { meta: { note: "attacked" } }) { collection }',
	),
	system(
		'collection-delete',
		'delete_collections_item',
		'delete_collections_item(collection: "gov_struct") { collection }',
	),
	system(
		'field-create',
		'create_fields_item',
		'create_fields_item(collection: "gov_struct", data: { field: "extra", type: "string", schema: {}, meta: {} }) { field }',
	),
	system(
		'field-update',
		'update_fields_item',
		'update_fields_item(collection: "gov_struct", field: "note", data: { meta: { note: "attacked" } }) { field }',
	),
	system('field-delete', 'delete_fields_item', 'delete_fields_item(collection: "gov_struct", field: "note") { field }'),
	system(
		'relation-update',
		'update_relations_item',
		'update_relations_item(collection: "gov_struct", field: "partner", data: { meta: { one_deselect_action: "delete" } }) { field }',
	),
	system(
		'relation-create',
		'create_relations_item',
		'create_relations_item(data: { collection: "open_jobs", field: "number", related_collection: "gov_struct" }) { field }',
	),
	system(
		'relation-delete',
		'delete_relations_item',
		'delete_relations_item(collection: "gov_struct", field: "partner") { field }',
	),
	system('sort', 'utils_sort', 'utils_sort(collection: "gov_items", item: 1, to: 4)'),
	system('revert', 'utils_revert', 'unused', {
		arrange: async (side) => {
			const rows = await side.admin(
				'/revisions?filter[collection][_eq]=gov_items&filter[item][_eq]=6&sort=id&limit=1&fields=id',
			);
			side.notes.set('revision', (rows as { id: number }[])[0]?.id);
		},
		attack: async (side, actor) => {
			const query = `mutation { utils_revert(revision: "${side.notes.get('revision')}") }`;
			return told(await side.as(actor, '/graphql/system', { method: 'POST', body: { query } }));
		},
	}),
];
