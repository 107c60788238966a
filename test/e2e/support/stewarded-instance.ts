import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterHandle } from '../../../instance/cluster.ts';
import { startTestInstance, type TestInstance } from '../../../instance/harness.ts';
import { type Answer, type Call, call } from '../../../instance/http.ts';
import { EDITOR } from '../../../instance/principals.ts';
import { withClient } from '../../../instance/roles.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A Directus whose editor is a steward of the collections `st_…`; `free_prices` is the ungoverned twin. */
export interface StewardedInstance extends TestInstance {
	as(token: string | undefined, path: string, options?: Omit<Call, 'token'>): Promise<Answer>;
	sql(statement: string): Promise<Record<string, unknown>[]>;
}

const text = (field: string) => ({ field, type: 'string', schema: {}, meta: {} });
const integer = (field: string) => ({ field, type: 'integer', schema: {}, meta: {} });
const uuid = (field: string) => ({ field, type: 'uuid', schema: {}, meta: {} });

const PRICE_FIELDS = [text('name'), integer('price'), text('secret'), integer('sort'), integer('parent')];
const UUID_KEY = {
	field: 'id',
	type: 'uuid',
	schema: { is_primary_key: true, has_auto_increment: false },
	meta: { hidden: true, readonly: true, special: ['uuid'] },
};
const COLLECTIONS: Record<string, object> = {
	st_prices: { meta: { sort_field: 'sort' }, fields: PRICE_FIELDS },
	free_prices: { meta: { sort_field: 'sort' }, fields: PRICE_FIELDS },
	st_tags: { meta: {}, fields: [UUID_KEY, text('label'), text('hidden')] },
	st_links: { meta: {}, fields: [integer('price'), uuid('tag')] },
	st_blocks: { meta: {}, fields: [integer('parent'), text('item'), text('collection')] },
	st_parents: { meta: {}, fields: [text('title'), text('secret')] },
	st_single: { meta: { singleton: true }, fields: [text('title'), text('secret')] },
	st_laws: { meta: {}, fields: [text('title')] },
	open_parents: { meta: {}, fields: [text('title'), integer('price')] },
};

const RELATIONS = [
	{ collection: 'st_prices', field: 'parent', related_collection: 'st_parents', meta: { one_field: 'prices' } },
	{
		collection: 'st_links',
		field: 'price',
		related_collection: 'st_prices',
		meta: { one_field: 'tags', junction_field: 'tag' },
	},
	{
		collection: 'st_links',
		field: 'tag',
		related_collection: 'st_tags',
		meta: { one_field: null, junction_field: 'price' },
	},
	{
		collection: 'st_blocks',
		field: 'parent',
		related_collection: 'st_parents',
		meta: { one_field: 'blocks', junction_field: 'item' },
	},
	{ collection: 'open_parents', field: 'price', related_collection: 'st_prices', meta: {} },
];

const ALIASES = [
	['st_parents', 'prices', 'o2m'],
	['st_parents', 'blocks', 'm2a'],
	['st_prices', 'tags', 'm2m'],
] as const;

export async function startStewardedInstance(cluster: ClusterHandle): Promise<StewardedInstance> {
	const env = { CACHE_ENABLED: 'true', CACHE_AUTO_PURGE: 'true', CACHE_STORE: 'memory', WEBSOCKETS_ENABLED: 'true' };
	const instance = await startTestInstance({ cluster, governed: false, env });
	try {
		await makeCollections(instance);
		const folder = join(instance.folder, 'directus', 'extensions');
		await cp(join(HERE, 'watcher'), join(folder, 'watcher'), { recursive: true });
		await cp(join(HERE, 'hostile'), join(folder, 'hostile'), { recursive: true });
		await instance.apply(fileURLToPath(new URL('stewards.config.ts', import.meta.url)));
		await instance.restartDirectus();
	} catch (error) {
		await instance.stop();
		throw error;
	}
	return {
		...instance,
		as: (token, path, options = {}) =>
			call(`${instance.url}${path}`, { ...options, ...(token === undefined ? {} : { token }) }),
		sql: (statement) =>
			withClient(instance.database.superuserUrl, async (client) => (await client.query(statement)).rows),
	};
}

async function makeCollections({ url, adminToken }: TestInstance): Promise<void> {
	const admin = async (path: string, body: unknown) => {
		const answer = await call(`${url}${path}`, { method: 'POST', body, token: adminToken });
		if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
	};
	for (const [collection, rest] of Object.entries(COLLECTIONS))
		await admin('/collections', { collection, schema: {}, ...rest });
	for (const [collection, field, special] of ALIASES) {
		await admin(`/fields/${collection}`, { field, type: 'alias', schema: null, meta: { special: [special] } });
	}
	for (const relation of RELATIONS) await admin('/relations', { ...relation, schema: { on_delete: 'NO ACTION' } });
	await admin('/relations', {
		collection: 'st_blocks',
		field: 'item',
		meta: {
			one_collection_field: 'collection',
			one_allowed_collections: ['st_prices', 'st_tags'],
			junction_field: 'parent',
		},
	});
	for (const name of ['st_prices', 'free_prices']) {
		await admin(
			`/items/${name}`,
			[1, 2, 3, 4, 5].map((n) => ({ name: `row ${n}`, price: n, secret: `s${n}`, sort: n })),
		);
	}
	await admin('/items/st_parents', { title: 'parent', secret: 'p' });
	await admin('/items/open_parents', { title: 'open' });
	await admin(
		'/permissions',
		Object.keys(COLLECTIONS).flatMap((collection) =>
			['create', 'read', 'update', 'delete'].map((action) => ({
				policy: EDITOR.policy,
				collection,
				action,
				fields: ['*'],
			})),
		),
	);
}
