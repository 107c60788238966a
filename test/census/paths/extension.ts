import { request } from '../support/told.ts';
import type { CensusPath } from '../support/types.ts';

/** Another extension in the same process: no accountability, and whatever Directus hands to extensions. */
const path = (
	id: string,
	covers: string | string[],
	url: string,
	body: unknown,
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `extension.${id}`,
	surface: 'extension',
	covers: [covers].flat(),
	actors: ['system'],
	layer: 'bundle',
	attack: request('POST', `/hostile/${url}`, body),
	...more,
});

const quiet = { emitEvents: false };
const x = { title: 'attacked' };

const service = (
	method: string,
	args: unknown[],
	more: Partial<CensusPath> = {},
	collection = 'gov_items',
): CensusPath =>
	path(
		`items-${method}`,
		`service ItemsService.${method}`,
		'service',
		{ service: 'ItemsService', collection, method, args: [...args, quiet] },
		more,
	);

const other = (name: string, method: string, args: unknown[], more: Partial<CensusPath> = {}): CensusPath =>
	path(`${name}-${method}`, `service ${name}.${method}`, 'service', { service: name, method, args }, more);

const rows = (id: string, name: string, method: string, args: unknown[], more: Partial<CensusPath> = {}): CensusPath =>
	path(
		`rows-${id}`,
		`service ItemsService.${method}`,
		'service',
		{ service: 'ItemsService', collection: name, method, args: [...args, quiet] },
		more,
	);

const knex = (id: string, body: unknown, more: Partial<CensusPath> = {}): CensusPath =>
	path(`knex-${id}`, 'extension knex', 'knex', body, { layer: 'database', ...more });

const sql = (id: string, statement: string): CensusPath => knex(id, { sql: statement });

/** What the owner of a table may do, and nobody else. */
const ownership = (id: string, statement: string): CensusPath =>
	knex(id, { sql: statement }, { needsSeparation: true });

const struct = 'gov_struct';
const byStruct = { filter: { collection: { _eq: struct } } };
const byRelation = { filter: { many_collection: { _eq: struct } } };

export const EXTENSION: readonly CensusPath[] = [
	service('createOne', [x]),
	service('createMany', [[x, x]]),
	service('upsertOne', [{ id: 1, ...x }]),
	service('upsertMany', [[{ id: 1, ...x }, x]]),
	service('upsertSingleton', [x], {}, 'gov_single'),
	service('updateOne', [1, x]),
	service('updateMany', [[1, 4], x]),
	service('updateBatch', [[{ id: 1, ...x }]]),
	service('updateByQuery', [{ filter: { id: { _eq: 1 } } }, x]),
	service('deleteOne', [4]),
	service('deleteMany', [[4, 6]]),
	service('deleteByQuery', [{ filter: { id: { _gt: 4 } } }]),
	other('CollectionsService', 'updateOne', [struct, { meta: { note: 'attacked' } }, quiet]),
	other('CollectionsService', 'updateBatch', [[{ collection: struct, meta: { note: 'attacked' } }], quiet]),
	other('CollectionsService', 'updateMany', [[struct], { meta: { note: 'attacked' } }, quiet]),
	other('CollectionsService', 'deleteOne', [struct, quiet]),
	other('CollectionsService', 'deleteMany', [[struct], quiet]),
	other('FieldsService', 'createField', [struct, { field: 'extra', type: 'string', schema: {}, meta: {} }]),
	other('FieldsService', 'updateField', [struct, { field: 'note', meta: { note: 'attacked' } }]),
	other('FieldsService', 'updateFields', [struct, [{ field: 'note', meta: { note: 'attacked' } }]]),
	other('FieldsService', 'deleteField', [struct, 'note', quiet]),
	other('RelationsService', 'createOne', [
		{ collection: 'open_jobs', field: 'number', related_collection: struct, schema: {}, meta: {} },
	]),
	other('RelationsService', 'updateOne', [struct, 'partner', { meta: { one_deselect_action: 'delete' } }]),
	other('RelationsService', 'deleteOne', [struct, 'partner']),
	other('UtilsService', 'sort', ['gov_items', { item: 1, to: 4 }]),
	other('ImportService', 'importBatch', [
		[{ collection: 'gov_items', items: [{ id: 1, ...x }] }],
		{ mode: 'merge', dryRun: false, dangerouslyAllowDelete: false },
	]),
	rows('collections-update', 'directus_collections', 'updateOne', [struct, { note: 'attacked' }]),
	rows('collections-delete', 'directus_collections', 'deleteOne', [struct]),
	rows('collections-adopt', 'directus_collections', 'createOne', [{ collection: 'gov_plain' }]),
	rows('fields-update', 'directus_fields', 'updateByQuery', [byStruct, { note: 'attacked' }]),
	rows('fields-create', 'directus_fields', 'createOne', [
		{ collection: struct, field: 'extra', special: ['alias', 'no-data'] },
	]),
	rows('fields-delete', 'directus_fields', 'deleteByQuery', [byStruct]),
	rows('relations-update', 'directus_relations', 'updateByQuery', [byRelation, { one_deselect_action: 'delete' }]),
	rows('relations-delete', 'directus_relations', 'deleteByQuery', [byRelation]),
	knex('insert', { collection: 'gov_items', knex: 'insert', values: x }),
	knex('update', { collection: 'gov_items', knex: 'update', values: x, where: { id: 1 } }),
	knex('delete', { collection: 'gov_items', knex: 'delete', where: { id: 4 } }),
	knex('metadata-collections', {
		collection: 'directus_collections',
		knex: 'update',
		values: { note: 'attacked' },
		where: { collection: struct },
	}),
	knex('metadata-fields', {
		collection: 'directus_fields',
		knex: 'update',
		values: { note: 'attacked' },
		where: { collection: struct },
	}),
	knex('metadata-relations', {
		collection: 'directus_relations',
		knex: 'update',
		values: { one_deselect_action: 'delete' },
		where: { many_collection: struct },
	}),
	knex('metadata-delete', { collection: 'directus_fields', knex: 'delete', where: { collection: struct } }),
	sql('truncate', 'truncate table gov_struct'),
	sql('truncate-cascade', 'truncate table gov_items cascade'),
	ownership('alter', 'alter table gov_struct add column extra text'),
	ownership('rename', 'alter table gov_struct rename to gov_renamed'),
	ownership('drop', 'drop table gov_struct'),
	sql('cte', `with w as (update gov_items set title = 'attacked' where id = 1 returning 1) select * from w`),
	sql(
		'merge',
		`merge into gov_items g using (values (1)) v(id) on g.id = v.id when matched then update set title = 'attacked'`,
	),
	ownership(
		'trigger',
		'create trigger planted before update on gov_items for each row execute function suppress_redundant_updates_trigger()',
	),
	ownership('rule', 'create rule planted as on update to gov_items do instead nothing'),
	ownership('index', 'create index planted on gov_items (title)'),
	sql(
		'view-write',
		`create view planted as select * from gov_items; update planted set title = 'attacked' where id = 1; drop view planted`,
	),
	ownership('inherit', 'create table planted_child () inherits (gov_plain)'),
	ownership('key-cascade', 'create table planted_key (item integer references gov_items (id) on delete cascade)'),
	ownership('owned-sequence', 'create sequence planted_sequence owned by gov_struct.title'),
	path(
		'services-off-then-write',
		'extension emitter',
		'service',
		{ service: 'ItemsService', collection: 'gov_items', method: 'updateOne', args: [1, x] },
		{
			last: true,
			// No hook listens any more until extensions are loaded again; what is left is the wrapper, and the database.
			arrange: async (side) => void (await side.as('admin', '/hostile/silence', { method: 'POST', body: {} })),
		},
	),
	path(
		'silenced-rest',
		'extension emitter',
		'',
		{},
		{
			last: true,
			actors: ['public', 'editor', 'admin', 'agent'],
			arrange: async (side) => void (await side.as('admin', '/hostile/silence', { method: 'POST', body: {} })),
			attack: request('PATCH', '/items/gov_items/1', x),
		},
	),
	path(
		'silenced-sort',
		'extension emitter',
		'',
		{},
		{
			last: true,
			actors: ['admin'],
			arrange: async (side) => void (await side.as('admin', '/hostile/silence', { method: 'POST', body: {} })),
			attack: request('POST', '/utils/sort/gov_items', { item: 1, to: 4 }),
		},
	),
];
