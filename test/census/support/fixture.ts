import { EDITOR } from '../../../instance/principals.ts';
import { makeFlows } from './fixture-flows.ts';
import type { Side } from './types.ts';

/** Directus's policy for people who are not signed in. */
const PUBLIC_POLICY = 'abf8a154-5b1c-4a46-ac9c-7300570f4f17';

/** A file nobody ever uploaded: its row is what matters. */
export const FILE = 'f3000000-0000-4000-8000-000000000001';

/** Made with SQL: Directus knows nothing of it. */
export const PLAIN_TABLE = `create table public.gov_plain (id integer primary key, title text);
	insert into public.gov_plain values (1, 'plain')`;

const key = { field: 'id', type: 'integer', schema: { is_primary_key: true, has_auto_increment: true }, meta: {} };
const text = (field: string) => ({ field, type: 'string', schema: {}, meta: { interface: 'input' } });
const number = (field: string) => ({ field, type: 'integer', schema: {}, meta: {} });
const uuid = (field: string) => ({ field, type: 'uuid', schema: {}, meta: {} });
const alias = (field: string, special: string) => ({ field, type: 'alias', meta: { special: [special] } });

const ITEM_FIELDS = [key, text('title'), text('note'), number('sort'), number('parent')];

const COLLECTIONS = [
	{ collection: 'gov_folder', schema: null, meta: {} },
	{ collection: 'gov_items', schema: {}, meta: { sort_field: 'sort', versioning: true }, fields: ITEM_FIELDS },
	{ collection: 'gov_single', schema: {}, meta: { singleton: true }, fields: [key, text('title'), text('note')] },
	{
		collection: 'gov_links',
		schema: {},
		meta: {},
		fields: [key, number('parent'), number('item'), text('note'), uuid('user'), uuid('file')],
	},
	{
		collection: 'gov_texts',
		schema: {},
		meta: {},
		fields: [key, number('parent'), text('languages_code'), text('title')],
	},
	{
		collection: 'gov_struct',
		schema: {},
		meta: { group: 'gov_folder', sort_field: 'sort' },
		fields: [
			key,
			text('title'),
			text('note'),
			number('sort'),
			number('partner'),
			number('spare'),
			alias('divider', 'no-data'),
		],
	},
	{ collection: 'gov_off', schema: {}, meta: {}, fields: [key, text('title'), text('note'), number('sort')] },
	{
		collection: 'gov_keys',
		schema: {},
		meta: {},
		fields: [key, uuid('user'), uuid('file'), uuid('folder'), uuid('role'), text('language')],
	},
	{
		collection: 'open_languages',
		schema: {},
		meta: {},
		fields: [{ field: 'code', type: 'string', schema: { is_primary_key: true }, meta: {} }, text('name')],
	},
	{
		collection: 'open_parent',
		schema: {},
		meta: {},
		fields: [
			key,
			text('title'),
			number('item'),
			alias('children', 'o2m'),
			alias('links', 'm2m'),
			alias('tags', 'm2m'),
			alias('blocks', 'm2a'),
			alias('translations', 'translations'),
		],
	},
	{ collection: 'open_tags', schema: {}, meta: {}, fields: [key, number('parent'), number('item')] },
	{
		collection: 'open_blocks',
		schema: {},
		meta: {},
		fields: [key, number('parent'), text('item'), text('collection')],
	},
	{
		collection: 'open_jobs',
		schema: {},
		meta: {},
		fields: [key, text('name'), number('number'), { field: 'job', type: 'json', schema: {}, meta: {} }],
	},
];

type Relation = [many: string, field: string, one: string | null, oneField: string | null, junction: string | null];

const RELATIONS: Relation[] = [
	['gov_items', 'parent', 'open_parent', 'children', null],
	['gov_links', 'parent', 'open_parent', 'links', 'item'],
	['gov_links', 'item', 'gov_items', null, 'parent'],
	['gov_links', 'user', 'directus_users', 'gov_kids', null],
	['gov_links', 'file', 'directus_files', 'gov_kids', null],
	['gov_texts', 'parent', 'open_parent', 'translations', 'languages_code'],
	['gov_texts', 'languages_code', 'open_languages', null, 'parent'],
	['gov_struct', 'partner', 'gov_items', null, null],
	['open_tags', 'parent', 'open_parent', 'tags', 'item'],
	['open_tags', 'item', 'gov_items', null, 'parent'],
	['open_blocks', 'parent', 'open_parent', 'blocks', 'item'],
];

const relationOf = ([collection, field, one, oneField, junction]: Relation) => ({
	collection,
	field,
	related_collection: one,
	schema: null,
	meta: { one_field: oneField, junction_field: junction },
});

/** The keys that change governed rows when what they point to goes away. Source: WRITE-PATHS.md, row 6. */
const KEYS = [
	{ field: 'user', related_collection: 'directus_users', schema: { on_delete: 'SET NULL' } },
	{ field: 'file', related_collection: 'directus_files', schema: { on_delete: 'CASCADE' } },
	{ field: 'folder', related_collection: 'directus_folders', schema: { on_delete: 'SET NULL' } },
	{ field: 'role', related_collection: 'directus_roles', schema: { on_delete: 'CASCADE' } },
	{ field: 'language', related_collection: 'open_languages', schema: { on_delete: 'CASCADE', on_update: 'CASCADE' } },
];

/** The fix `governed plan` asks for: no key of a governed table to one that Directus owns. The relations stay, without it. */
const DROPPED_KEYS = `alter table public.gov_items drop constraint gov_items_parent_foreign;
	alter table public.gov_links drop constraint gov_links_parent_foreign;
	alter table public.gov_links drop constraint gov_links_user_foreign;
	alter table public.gov_links drop constraint gov_links_file_foreign;
	alter table public.gov_texts drop constraint gov_texts_parent_foreign;
	alter table public.gov_texts drop constraint gov_texts_languages_code_foreign`;

/** Everything through the API of Directus, as an admin would: collections, relations, rows, rights, flows, a version. */
export async function makeFixture(side: Side): Promise<void> {
	const post = (path: string, body: unknown) => side.admin(path, { method: 'POST', body });
	await post('/collections', COLLECTIONS);
	for (const collection of ['directus_users', 'directus_files'])
		await post(`/fields/${collection}`, alias('gov_kids', 'o2m'));
	for (const relation of RELATIONS) await post('/relations', relationOf(relation));
	await post('/relations', {
		collection: 'open_blocks',
		field: 'item',
		related_collection: null,
		schema: null,
		meta: {
			one_collection_field: 'collection',
			one_allowed_collections: ['gov_items', 'gov_single'],
			junction_field: 'parent',
		},
	});
	await post('/relations', {
		collection: 'open_parent',
		field: 'item',
		related_collection: 'gov_items',
		schema: { on_delete: 'NO ACTION' },
	});
	await side.sql(DROPPED_KEYS);
	for (const relation of KEYS) await post('/relations', { collection: 'gov_keys', ...relation });
	await makeRows(side);
	await makePermissions(side);
	await makeVersion(side);
	await makeFlows(side);
	await side.admin('/settings', { method: 'PATCH', body: { mcp_enabled: true, mcp_allow_deletes: true } });
}

async function makeRows(side: Side): Promise<void> {
	const rows = async (collection: string, body: unknown) =>
		side.admin(`/items/${collection}`, { method: 'POST', body });
	await rows(
		'open_languages',
		['en', 'de', 'fr'].map((code) => ({ code, name: code })),
	);
	const items = [1, 2, 3, 4, 5, 6].map((n) => ({ title: `row ${n}`, sort: n, parent: n === 5 ? 1 : null }));
	await rows('gov_items', items);
	await side.admin('/items/gov_single', { method: 'PATCH', body: { title: 'one' } });
	for (const title of ['first', 'second']) await rows('open_parent', { title, item: 1 });
	await side.admin('/files', {
		method: 'POST',
		body: { id: FILE, storage: 'local', filename_download: 'fixture.txt', type: 'text/plain' },
	});
	await rows('gov_links', [
		{ parent: 1, item: 1 },
		{ parent: 1, item: 2 },
	]);
	await rows('gov_texts', [{ parent: 1, languages_code: 'en', title: 'hello' }]);
	await rows(
		'gov_struct',
		[1, 2, 3].map((n) => ({ title: `row ${n}`, sort: n, partner: 1 })),
	);
	await rows(
		'gov_off',
		[1, 2, 3].map((n) => ({ title: `row ${n}`, sort: n })),
	);
	await rows('open_tags', [{ parent: 1, item: 3 }]);
	await rows('open_blocks', [{ parent: 1, item: '4', collection: 'gov_items' }]);
	await side.admin('/items/gov_items/6', { method: 'PATCH', body: { title: 'row 6 changed' } });
	await side.admin('/collections/gov_off', { method: 'PATCH', body: { meta: { status: 'inactive' } } });
}

/** Whole permissions without conditions, for the editor and for everybody: the free tier ignores any other. */
async function makePermissions(side: Side): Promise<void> {
	const names = COLLECTIONS.filter(({ schema }) => schema !== null).map(({ collection }) => collection);
	const body = [EDITOR.policy, PUBLIC_POLICY].flatMap((policy) =>
		names.flatMap((collection) =>
			['create', 'read', 'update', 'delete'].map((action) => ({ policy, collection, action, fields: ['*'] })),
		),
	);
	await side.admin('/permissions', { method: 'POST', body });
}

/** A version from the days when versioning was on. */
async function makeVersion(side: Side): Promise<void> {
	const version = { key: 'draft', name: 'draft', collection: 'gov_items', item: '2' };
	const { id } = (await side.admin('/versions', { method: 'POST', body: version })) as { id: string };
	await side.admin(`/versions/${id}/save`, { method: 'POST', body: { title: 'from a version' } });
	await side.admin('/collections/gov_items', { method: 'PATCH', body: { meta: { versioning: false } } });
}
