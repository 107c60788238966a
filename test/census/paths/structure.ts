import { request } from '../support/told.ts';
import type { CensusPath, Side } from '../support/types.ts';
import { upload } from '../support/upload.ts';

const path = (
	id: string,
	covers: string,
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `structure.${id}`,
	surface: 'structure',
	covers: [covers],
	actors: ['editor', 'admin', 'agent'],
	layer: 'bundle',
	attack,
	...more,
});

const COLLECTION = '/collections/gov_struct';
const FIELD = '/fields/gov_struct';
const patch = (what: unknown) => request('PATCH', COLLECTION, { meta: what });
const P = 'route PATCH /collections/:collection';
const F = 'route PATCH /fields/:collection/:field';
const meta = { note: 'attacked' };

const column = (field: string, more: Record<string, unknown> = {}) => ({
	field,
	type: 'string',
	schema: {},
	meta: {},
	...more,
});

/** A snapshot of this instance with one table left out, or with one changed. */
export async function changedSnapshot(
	side: Side,
	change: 'without' | 'note' | 'column',
): Promise<Record<string, unknown>> {
	const snapshot = (await side.admin('/schema/snapshot')) as Record<string, Record<string, unknown>[]>;
	const drop = (rows: Record<string, unknown>[]) =>
		rows.filter(
			({ collection, related_collection: related }) => collection !== 'gov_struct' && related !== 'gov_struct',
		);
	if (change === 'without') {
		for (const key of ['collections', 'fields', 'relations']) snapshot[key] = drop(snapshot[key] ?? []);
	}
	if (change === 'note') {
		for (const entry of snapshot.collections ?? []) {
			if (entry.collection === 'gov_struct') entry.meta = { ...(entry.meta as object), note: 'attacked' };
		}
	}
	if (change === 'column') {
		snapshot.fields = (snapshot.fields ?? []).filter(
			({ collection, field }) => collection !== 'gov_struct' || field !== 'note',
		);
	}
	return snapshot;
}

const diffed = async (side: Side, change: 'without' | 'note' | 'column'): Promise<void> => {
	const diff = await side.admin('/schema/diff', { method: 'POST', body: await changedSnapshot(side, change) });
	side.notes.set('diff', diff);
};

const applied = (id: string, change: 'without' | 'note' | 'column'): CensusPath =>
	path(
		`schema-apply-${id}`,
		'route POST /schema/apply',
		request('POST', '/schema/apply', (side: Side) => side.notes.get('diff')),
		{
			arrange: (side) => diffed(side, change),
		},
	);

export const STRUCTURE_PATHS: readonly CensusPath[] = [
	path(
		'collection-adopt-create',
		'route POST /collections',
		request('POST', '/collections', { collection: 'gov_plain', meta: {} }),
		{ layer: 'directus' },
	),
	path(
		'translations-generate',
		'route POST /utils/translations/generate',
		request('POST', '/utils/translations/generate', { collection: 'gov_struct', fields: ['title'] }),
	),
	path(
		'translations-generate-more',
		'route POST /utils/translations/generate',
		request('POST', '/utils/translations/generate', {
			collection: 'gov_items',
			fields: ['title', 'note'],
			languagesCollection: 'open_languages',
			seedLanguages: false,
		}),
	),
	path('collection-delete', 'route DELETE /collections/:collection', request('DELETE', COLLECTION)),
	path(
		'collection-delete-referenced',
		'route DELETE /collections/:collection',
		request('DELETE', '/collections/gov_links'),
	),
	path(
		'collection-delete-unknown',
		'route DELETE /collections/:collection',
		request('DELETE', '/collections/gov_plain'),
	),
	path(
		'collection-adopt-unknown',
		'route PATCH /collections/:collection',
		request('PATCH', '/collections/gov_plain', { meta }),
	),
	path(
		'collection-delete-group',
		'route DELETE /collections/:collection',
		request('DELETE', '/collections/gov_folder'),
		{ layer: 'either' },
	),
	path(
		'collection-delete-referring',
		'route DELETE /collections/:collection',
		request('DELETE', '/collections/open_blocks'),
		{ layer: 'either' },
	),
	path('collection-note', P, patch(meta)),
	path('collection-hide', P, patch({ hidden: true })),
	path('collection-ungroup', P, patch({ group: null })),
	path('collection-singleton', P, patch({ singleton: true })),
	path('collection-sort-field', P, patch({ sort_field: null })),
	path('collection-archive', P, patch({ archive_field: 'title', archive_value: 'gone' })),
	path('collection-versioning', P, patch({ versioning: true })),
	path('collection-accountability', P, patch({ accountability: null })),
	path('collection-status', P, patch({ status: 'inactive' })),
	path(
		'collections-batch',
		'route PATCH /collections',
		request('PATCH', '/collections', [{ collection: 'gov_struct', meta }]),
	),
	path(
		'collection-group-of-open',
		'route PATCH /collections',
		request('PATCH', '/collections', [
			{ collection: 'open_tags', meta },
			{ collection: 'gov_struct', meta },
		]),
	),
	path('field-create', 'route POST /fields/:collection', request('POST', FIELD, column('extra'))),
	path(
		'field-create-alias',
		'route POST /fields/:collection',
		request('POST', FIELD, { field: 'extra', type: 'alias', meta: { special: ['no-data'] } }),
	),
	path('field-update-meta', F, request('PATCH', `${FIELD}/note`, { meta })),
	path('field-update-type', F, request('PATCH', `${FIELD}/note`, { type: 'text', schema: { data_type: 'text' } })),
	path('field-update-default', F, request('PATCH', `${FIELD}/note`, { schema: { default_value: 'attacked' } })),
	path('field-update-not-null', F, request('PATCH', `${FIELD}/title`, { schema: { is_nullable: false } })),
	path('field-update-unique', F, request('PATCH', `${FIELD}/title`, { schema: { is_unique: true } })),
	path('field-update-index', F, request('PATCH', `${FIELD}/title`, { schema: { is_indexed: true } })),
	path(
		'fields-batch',
		'route PATCH /fields/:collection',
		request('PATCH', FIELD, [
			{ field: 'note', meta },
			{ field: 'title', meta },
		]),
	),
	path('field-delete', 'route DELETE /fields/:collection/:field', request('DELETE', `${FIELD}/note`)),
	path('field-delete-alias', 'route DELETE /fields/:collection/:field', request('DELETE', `${FIELD}/divider`)),
	path('field-delete-sort', 'route DELETE /fields/:collection/:field', request('DELETE', `${FIELD}/sort`)),
	path('field-delete-relational', 'route DELETE /fields/:collection/:field', request('DELETE', `${FIELD}/partner`)),
	path(
		'field-delete-alias-elsewhere',
		'route DELETE /fields/:collection/:field',
		request('DELETE', '/fields/open_parent/children'),
		{ layer: 'either' },
	),
	path(
		'field-delete-m2a-elsewhere',
		'route DELETE /fields/:collection/:field',
		request('DELETE', '/fields/open_blocks/item'),
		{ layer: 'either' },
	),
	path(
		'relation-create',
		'route POST /relations',
		request('POST', '/relations', {
			collection: 'gov_struct',
			field: 'spare',
			related_collection: 'open_parent',
			schema: { on_delete: 'CASCADE' },
		}),
	),
	path(
		'relation-create-towards',
		'route POST /relations',
		request('POST', '/relations', { collection: 'open_jobs', field: 'number', related_collection: 'gov_struct' }),
	),
	path(
		'relation-update-action',
		'route PATCH /relations/:collection/:field',
		request('PATCH', '/relations/gov_struct/partner', { schema: { on_delete: 'CASCADE' } }),
	),
	path(
		'relation-update-meta',
		'route PATCH /relations/:collection/:field',
		request('PATCH', '/relations/gov_struct/partner', { meta: { one_deselect_action: 'delete' } }),
	),
	path(
		'relation-update-towards',
		'route PATCH /relations/:collection/:field',
		request('PATCH', '/relations/open_blocks/item', { meta: { one_allowed_collections: ['gov_single'] } }),
		{ layer: 'either' },
	),
	path(
		'relation-delete',
		'route DELETE /relations/:collection/:field',
		request('DELETE', '/relations/gov_struct/partner'),
	),
	path(
		'relation-delete-towards',
		'route DELETE /relations/:collection/:field',
		request('DELETE', '/relations/open_tags/item'),
		{ layer: 'either' },
	),
	applied('drop', 'without'),
	applied('note', 'note'),
	applied('column', 'column'),
	path(
		'schema-apply-file',
		'route POST /schema/apply',
		async (side, actor) =>
			upload('/schema/apply', 'application/json', JSON.stringify(side.notes.get('diff')))(side, actor),
		{
			arrange: (side) => diffed(side, 'note'),
		},
	),
];
