import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, at } from '../../instance/http.ts';
import { withClient } from '../../instance/roles.ts';
import { until } from './support/dispatch-instance.ts';
import { govern, REPORTED, untilInForce } from './support/govern.ts';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';
import { callTool, sendMessage } from './support/surfaces.ts';

let instance: GuardedInstance;
let bundle: { parent: string; guard: string; neighbour: string };

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
	// A governed collection in a folder of collections, as a person would have sorted it before it was governed.
	await sql(`alter table public.directus_collections disable trigger user;
		insert into public.directus_collections (collection, icon) values ('gov_folder', 'folder'), ('free_folder', 'folder');
		update public.directus_collections set "group" = 'gov_folder' where collection = 'gov_items';
		update public.directus_collections set "group" = 'free_folder' where collection = 'free_items';
		${['guard', 'last_look', 'truncate'].map((name) => `alter table public.directus_collections enable always trigger governance_metadata_${name}`).join('; ')}`);
	await govern(instance, REPORTED);
	const rows = await sql('select id, folder from public.directus_extensions');
	const idOf = (name: string) => String(rows.find((row) => row.folder === name)?.id);
	bundle = {
		parent: idOf('directus-extension-governed-dispatch'),
		guard: idOf('governed-guard'),
		neighbour: idOf('neighbour'),
	};
});

afterAll(() => instance?.stop());

const sql = (text: string) =>
	withClient(
		instance.database.superuserUrl,
		async (client) => (await client.query(text)).rows as Record<string, unknown>[],
	);

interface Outcome {
	status: number;
	code: unknown;
	reason: unknown;
	text: string;
}
const fromAnswer = (answer: Answer): Outcome => ({
	status: answer.status,
	code: refusalOf(answer).code,
	reason: refusalOf(answer).reason,
	text: answer.text,
});
const admin = async (path: string, method: 'POST' | 'PATCH' | 'DELETE', body?: unknown) =>
	fromAnswer(await instance.as(instance.adminToken, path, { method, ...(body !== undefined && { body }) }));
const hostile = (service: string, method: string, args: unknown[], collection?: string) =>
	admin('/hostile/call', 'POST', { service, method, args, collection });
const run = (text: string) => admin('/hostile/sql', 'POST', { sql: text });

const LOCKED = { code: 'GOVERNED_STRUCTURE_LOCKED' };

describe('the bundle and its entries', () => {
	const disabled = { meta: { enabled: false } };
	/** What an extension's row goes through, by id. A refusal of `reinstall` says nothing of rows: it replaces files. */
	const ATTACKS: Record<string, (id: string) => Promise<Outcome>> = {
		'disable, REST': (id) => admin(`/extensions/${id}`, 'PATCH', disabled),
		'rename its folder, REST': (id) => admin(`/extensions/${id}`, 'PATCH', { meta: { folder: 'elsewhere' } }),
		'delete, REST': (id) => admin(`/extensions/${id}`, 'DELETE'),
		'uninstall, REST': (id) => admin(`/extensions/registry/uninstall/${id}`, 'DELETE'),
		'reinstall, REST': (id) => admin('/extensions/registry/reinstall', 'POST', { extension: id }),
		'install another version, REST': (id) =>
			admin('/extensions/registry/install', 'POST', { extension: id, version: '00000000-0000-4000-8000-000000000001' }),
		'disable, GraphQL': (id) =>
			admin('/graphql/system', 'POST', {
				query: `mutation { update_extensions_item(id: "${id}", data: { meta: { enabled: false } }) { meta { enabled } } }`,
			}),
		'disable, another extension': (id) => hostile('ExtensionsService', 'updateOne', [id, disabled]),
		'delete, another extension': (id) => hostile('ExtensionsService', 'deleteOne', [id]),
		'reinstall, another extension': (id) => hostile('ExtensionsService', 'reinstall', [id]),
		'disable the row, another extension': (id) =>
			hostile('ItemsService', 'updateMany', [[id], { enabled: false }, { emitEvents: false }], 'directus_extensions'),
		'move the row, another extension': (id) =>
			hostile('ItemsService', 'updateMany', [[id], { folder: 'x' }, { emitEvents: false }], 'directus_extensions'),
		'delete the row, another extension': (id) =>
			hostile('ItemsService', 'deleteMany', [[id], { emitEvents: false }], 'directus_extensions'),
		'disable, knex': (id) => run(`update directus_extensions set enabled = false where id = '${id}'`),
		'disable everything, knex': () => run('update directus_extensions set enabled = false'),
		'delete, knex': (id) => run(`delete from directus_extensions where id = '${id}'`),
	};

	test.each(Object.entries(ATTACKS))('%s: refused for the bundle and for the guard', async (_, attack) => {
		const before = await instance.snapshot('directus_extensions');
		for (const id of [bundle.parent, bundle.guard]) {
			const outcome = await attack(id);
			expect(outcome, outcome.text).toMatchObject(LOCKED);
		}
		expect(await instance.snapshot('directus_extensions')).toBe(before);
	});

	test.each(Object.entries(ATTACKS).filter(([name]) => !/install|everything/.test(name)))(
		'%s: works on another extension',
		async (_, attack) => {
			const [kept] = await sql(`select * from public.directus_extensions where id = '${bundle.neighbour}'`);
			const before = await instance.snapshot('directus_extensions');
			const outcome = await attack(bundle.neighbour);
			expect([200, 204], outcome.text).toContain(outcome.status);
			expect(await instance.snapshot('directus_extensions')).not.toBe(before);
			await sql(`delete from public.directus_extensions where id = '${bundle.neighbour}';
				insert into public.directus_extensions (id, enabled, folder, source) values ('${bundle.neighbour}', true, '${kept?.folder}', '${kept?.source}')`);
		},
	);

	test('batch import takes none of their rows, as Directus has it', async () => {
		const planted = {
			id: '00000000-0000-4000-8000-000000000002',
			enabled: true,
			source: 'local',
			folder: 'governed-guard',
		};
		for (const row of [planted, { ...planted, id: bundle.parent, enabled: false }]) {
			const outcome = await admin('/utils/import?mode=merge', 'POST', [
				{ collection: 'directus_extensions', items: [row] },
			]);
			expect(outcome.code, outcome.text).toBe('FORBIDDEN');
		}
	});
});

describe('the audit trail', () => {
	/** One entry that tells of `collection`, with its revision, as Directus writes them. */
	async function given(collection: string): Promise<{ activity: number; revision: number }> {
		const [entry] =
			await sql(`with a as (insert into public.directus_activity (action, collection, item) values ('update', '${collection}', '1') returning id)
			insert into public.directus_revisions (activity, collection, item, data, delta) select id, '${collection}', '1', '{}', '{}' from a returning activity, id`);
		return { activity: Number(entry?.activity), revision: Number(entry?.id) };
	}

	const flowThat = (type: string, options: Record<string, unknown>) => async () => {
		const id = '00000000-0000-4000-8000-0000000000a1';
		const step = '00000000-0000-4000-8000-0000000000a2';
		await sql(`delete from public.directus_flows where id = '${id}'`);
		const made = await admin('/flows', 'POST', {
			id,
			name: 'f',
			status: 'active',
			trigger: 'webhook',
			accountability: null,
			options: { method: 'GET', return: '$last', error_on_reject: true },
			operations: [
				{ id: step, key: 's', type, position_x: 1, position_y: 1, options: { permissions: '$full', ...options } },
			],
		});
		expect(made.status, made.text).toBe(200);
		await admin(`/flows/${id}`, 'PATCH', { operation: step });
		await new Promise((resolve) => setTimeout(resolve, 300));
		return fromAnswer(await instance.as(undefined, `/flows/trigger/${id}`));
	};

	interface Entry {
		activity: number;
		revision: number;
	}
	const ATTACKS: Record<string, (entry: Entry, collection: string) => Promise<Outcome>> = {
		'change it by batch import': ({ activity }, collection) =>
			admin('/utils/import?mode=merge', 'POST', [
				{
					collection: 'directus_activity',
					items: [{ id: activity, action: 'update', collection, item: '1', ip: '::1' }],
				},
			]),
		'change a revision by batch import': ({ activity, revision }, collection) =>
			admin('/utils/import?mode=merge', 'POST', [
				{ collection: 'directus_revisions', items: [{ id: revision, activity, collection, item: '2' }] },
			]),
		'delete it in a flow': ({ activity }) =>
			flowThat('item-delete', { collection: 'directus_activity', key: [activity] })(),
		'change it in a flow': ({ activity }) =>
			flowThat('item-update', { collection: 'directus_activity', key: [activity], payload: { ip: '::1' } })(),
		'delete it, another extension': ({ activity }) => hostile('ActivityService', 'deleteMany', [[activity]]),
		'delete it by query, another extension': ({ activity }) =>
			hostile(
				'ItemsService',
				'deleteByQuery',
				[{ filter: { id: { _eq: activity } } }, { emitEvents: false }],
				'directus_activity',
			),
		'change it, another extension': ({ activity }) =>
			hostile(
				'ItemsService',
				'updateMany',
				[[activity], { action: 'run' }, { emitEvents: false }],
				'directus_activity',
			),
		'change a revision, another extension': ({ revision }) =>
			hostile('RevisionsService', 'updateOne', [revision, { data: { title: 'x' } }, { emitEvents: false }]),
		'delete a revision, another extension': ({ revision }) =>
			hostile('RevisionsService', 'deleteMany', [[revision], { emitEvents: false }]),
		'delete it, knex': ({ activity }) => run(`delete from directus_activity where id = ${activity}`),
		'change a revision, knex': ({ revision }) =>
			run(`update directus_revisions set data = '{"x": 1}' where id = ${revision}`),
	};

	const trail = async ({ activity, revision }: Entry) =>
		JSON.stringify([
			await sql(`select * from public.directus_activity where id = ${activity}`),
			await sql(`select * from public.directus_revisions where id = ${revision}`),
		]);

	test.each(Object.entries(ATTACKS))('%s: refused, and real where nothing is governed', async (name, attack) => {
		for (const collection of ['gov_items', 'directus_flows']) {
			const entry = await given(collection);
			const before = await trail(entry);
			const outcome = await attack(entry, collection);
			expect(outcome, outcome.text).toMatchObject(LOCKED);
			if (!name.includes('knex')) expect(outcome.reason, outcome.text).toBe('AUDIT_TRAIL_LOCKED');
			expect(await trail(entry)).toBe(before);
		}
		const entry = await given('free_items');
		const before = await trail(entry);
		const outcome = await attack(entry, 'free_items');
		expect(outcome.status, outcome.text).toBeLessThan(300);
		expect(await trail(entry)).not.toBe(before);
	});

	test('is out of reach over WebSocket, GraphQL and MCP, where Directus takes none of it', async () => {
		const { activity } = await given('gov_items');
		const reply = await sendMessage(instance.url, instance.adminToken, {
			type: 'items',
			collection: 'directus_activity',
			action: 'delete',
			id: activity,
		});
		expect(at(reply, 'status')).toBe('error');
		const graphql = await admin('/graphql/system', 'POST', {
			query: `mutation { delete_activity_item(id: ${activity}) { id } }`,
		});
		expect(graphql.text).toContain('errors');
		const { text } = await callTool(`${instance.url}/mcp`, instance.adminToken, 'items', {
			action: 'delete',
			collection: 'directus_activity',
			keys: [activity],
		});
		expect(text).not.toContain('"data"');
		expect(await sql(`select id from public.directus_activity where id = ${activity}`)).toHaveLength(1);
	});

	test('an open collection is deleted with its trail, as ever', async () => {
		const made = await admin('/collections', 'POST', { collection: 'free_gone', schema: {}, meta: {} });
		expect(made.status, made.text).toBe(200);
		await admin('/items/free_gone', 'POST', {});
		const entry = await given('free_gone');
		expect((await admin('/collections/free_gone', 'DELETE')).status).toBe(204);
		expect(await trail(entry)).toBe('[[],[]]');
	});
});

describe('the structure of a governed collection', () => {
	const described = async () =>
		(
			await Promise.all(
				['directus_collections', 'directus_fields', 'directus_relations'].map((table) => instance.snapshot(table)),
			)
		).join('\n');

	const ATTACKS: Record<string, (kind: string) => Promise<Outcome>> = {
		'delete the folder it lies in': (kind) => admin(`/collections/${kind}_folder`, 'DELETE'),
		'delete the field elsewhere that points to it': (kind) => admin(`/fields/${kind}_parent/item`, 'DELETE'),
		'delete that field, another extension': (kind) =>
			hostile('FieldsService', 'deleteField', [`${kind}_parent`, 'item']),
		'plant a relation row, another extension': (kind) =>
			hostile(
				'ItemsService',
				'createOne',
				[
					{ many_collection: 'agent_notes', many_field: 'x', one_collection: `${kind}_items`, one_field: 'kids' },
					{ emitEvents: false },
				],
				'directus_relations',
			),
		'plant a relation to anything, another extension': (kind) =>
			hostile(
				'ItemsService',
				'createOne',
				[
					{
						many_collection: 'agent_notes',
						many_field: 'y',
						one_allowed_collections: ['agent_notes', `${kind}_items`],
					},
					{ emitEvents: false },
				],
				'directus_relations',
			),
		'switch versioning on, REST': (kind) =>
			admin(`/collections/${kind}_items`, 'PATCH', { meta: { versioning: true } }),
		'make it inactive, GraphQL': (kind) =>
			admin('/graphql/system', 'POST', {
				query: `mutation { update_collections_item(collection: "${kind}_items", data: { meta: { hidden: true } }) { collection } }`,
			}),
		'hide it, another extension': (kind) =>
			hostile(
				'ItemsService',
				'updateMany',
				[[`${kind}_items`], { hidden: true }, { emitEvents: false }],
				'directus_collections',
			),
		'rename it, knex': (kind) => run(`update directus_collections set note = 'x' where collection = '${kind}_items'`),
		'schema apply': async (kind) => {
			const { body } = await instance.as(instance.adminToken, '/schema/snapshot');
			const snapshot = at(body, 'data') as { collections: { collection: string; meta: Record<string, unknown> }[] };
			const target = snapshot.collections.find(({ collection }) => collection === `${kind}_items`);
			if (target) target.meta.note = 'applied';
			const diff = await instance.as(instance.adminToken, '/schema/diff', { method: 'POST', body: snapshot });
			return admin('/schema/apply', 'POST', at(diff.body, 'data'));
		},
	};

	test.each(Object.entries(ATTACKS))('%s: refused', async (_, attack) => {
		const before = await described();
		const outcome = await attack('gov');
		expect(outcome, outcome.text).toMatchObject(LOCKED);
		expect(await described()).toBe(before);
	});

	test.each(Object.entries(ATTACKS).filter(([name]) => !name.includes('another extension') || name.includes('row')))(
		'%s: works on the ungoverned twin',
		async (name, attack) => {
			const before = await described();
			const outcome = await attack('free');
			expect([200, 204], `${name}: ${outcome.text}`).toContain(outcome.status);
			expect(await described()).not.toBe(before);
		},
	);

	test('an edit while the guard is off and on again holds the instance, and is named', async () => {
		const edit = (field: string) =>
			run(`alter table directus_fields disable trigger governance_metadata_guard;
			alter table directus_fields disable trigger governance_metadata_last_look;
			update directus_fields set readonly = not readonly where collection = 'gov_items' and field = '${field}';
			alter table directus_fields enable always trigger governance_metadata_guard;
			alter table directus_fields enable always trigger governance_metadata_last_look`);
		expect((await edit('title')).status).toBe(200);
		await until(async () => {
			const answer = await instance.as(instance.adminToken, '/governance/posture');
			return String(at(answer.body, 'data', 'hold', 'detail')).includes('the rows that describe gov_items');
		});
		expect((await edit('title')).status).toBe(200);
		await untilInForce(instance);
	}, 60_000);
});

test('retention goes on with the rest, and Directus with it', async () => {
	const old = (collection: string) =>
		sql(
			`insert into public.directus_activity (action, collection, item, timestamp) values ('update', '${collection}', 'old', now() - interval '1 year')`,
		);
	const left = async () =>
		(await sql(`select collection from public.directus_activity where item = 'old' order by 1`)).map(
			(row) => row.collection,
		);
	for (const collection of ['free_items', 'gov_items', 'directus_flows']) await old(collection);
	await instance.restartDirectus({
		RETENTION_ENABLED: 'true',
		RETENTION_SCHEDULE: '* * * * * *',
		ACTIVITY_RETENTION: '90d',
	});
	await until(async () => !(await left()).includes('free_items'));
	expect(await left()).toEqual(['directus_flows', 'gov_items']);
	// The next run goes through the same rows again.
	await old('agent_notes');
	await until(async () => !(await left()).includes('agent_notes'));
	expect(await left()).toEqual(['directus_flows', 'gov_items']);
	expect((await instance.as(instance.adminToken, '/server/ping')).status).toBe(200);
});
