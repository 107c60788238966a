import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';

let instance: GuardedInstance;

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
});

afterAll(() => instance?.stop());

type Actor = 'admin' | 'editor' | 'agent' | 'public';
const ACTORS: readonly Actor[] = ['admin', 'editor', 'agent', 'public'];

function tokenOf(actor: Actor): string | undefined {
	return { admin: instance.adminToken, editor: instance.editorToken, agent: instance.agentToken, public: undefined }[
		actor
	];
}

interface RestAttack {
	name: string;
	method: 'POST' | 'PATCH' | 'DELETE';
	path(kind: string): string;
	body?(kind: string): unknown;
	/** Code of the refusal; default GOVERNED_WRITE_DENIED. */
	code?: string;
}

const items =
	(suffix = '') =>
	(kind: string) =>
		`/items/${kind}_items${suffix}`;

const REST: readonly RestAttack[] = [
	{ name: 'create one', method: 'POST', path: items(), body: () => ({ title: 'x' }) },
	{ name: 'create many', method: 'POST', path: items(), body: () => [{ title: 'x' }, { title: 'y' }] },
	{ name: 'update by key', method: 'PATCH', path: items('/1'), body: () => ({ title: 'changed' }) },
	{
		name: 'update by keys',
		method: 'PATCH',
		path: items(),
		body: () => ({ keys: [1, 2], data: { title: 'changed' } }),
	},
	{
		name: 'update batch',
		method: 'PATCH',
		path: items(),
		body: () => [
			{ id: 1, title: 'a' },
			{ id: 2, title: 'b' },
		],
	},
	{
		name: 'update by query',
		method: 'PATCH',
		path: items(),
		body: () => ({ query: { filter: { id: { _gt: 0 } } }, data: { title: 'q' } }),
	},
	{ name: 'singleton', method: 'PATCH', path: (kind) => `/items/${kind}_single`, body: () => ({ title: 'changed' }) },
	{ name: 'sort', method: 'POST', path: (kind) => `/utils/sort/${kind}_items`, body: () => ({ item: 1, to: 4 }) },
	{
		name: 'nested create from an open parent',
		method: 'POST',
		path: (kind) => `/items/${kind}_parent`,
		body: () => ({ title: 'p', item: { title: 'nested' } }),
	},
	{
		name: 'nested update from an open parent',
		method: 'POST',
		path: (kind) => `/items/${kind}_parent`,
		body: () => ({ title: 'p', item: { id: 1, title: 'nested' } }),
	},
	{ name: 'delete by key', method: 'DELETE', path: items('/5') },
	{ name: 'delete by keys', method: 'DELETE', path: items(), body: () => [4] },
	{ name: 'delete by query', method: 'DELETE', path: items(), body: () => ({ query: { filter: { id: { _eq: 3 } } } }) },
];

describe('REST', () => {
	for (const attack of REST) {
		test(`${attack.name}: refused for every actor, and real on the ungoverned twin`, async () => {
			const request = (kind: string) => ({ method: attack.method, ...(attack.body && { body: attack.body(kind) }) });
			const [before, single] = [await instance.snapshot('gov_items'), await instance.snapshot('gov_single')];

			for (const actor of ACTORS) {
				const answer = await instance.as(tokenOf(actor), attack.path('gov'), request('gov'));
				const refusal = refusalOf(answer);
				const agentAtParent = actor === 'agent' && attack.path('gov').includes('parent');

				// Directus checks the parent first: without permission for it, or as an agent, nobody gets to the governed row.
				if (actor === 'public' && (attack.path('gov').includes('parent') || attack.path('gov').includes('sort'))) {
					expect(answer.status, `${actor}: ${answer.text}`).toBe(403);
					continue;
				}

				expect(answer.status, `${actor}: ${answer.text}`).toBe(403);
				expect(refusal).toMatchObject({
					code: attack.code ?? 'GOVERNED_WRITE_DENIED',
					reason: 'NOT_IN_WRITE_ALLOWLIST',
				});
				if (!agentAtParent) expect(String(refusal.rule)).toMatch(/^governed:gov_/);
				const evidence = (refusal.evidence as { id: string }).id;
				const entry = await instance.evidence(evidence);
				expect(entry).toMatchObject({
					v: 1,
					kind: 'refusal',
					reason: 'NOT_IN_WRITE_ALLOWLIST',
					surface: 'rest',
					actor: { kind: actor === 'editor' ? 'user' : actor },
				});
			}

			expect(await instance.snapshot('gov_items')).toBe(before);
			expect(await instance.snapshot('gov_single')).toBe(single);

			const [free, freeSingle] = [await instance.snapshot('free_items'), await instance.snapshot('free_single')];
			const baseline = await instance.as(instance.adminToken, attack.path('free'), request('free'));
			expect(baseline.status, baseline.text).toBeLessThan(300);
			expect([await instance.snapshot('free_items'), await instance.snapshot('free_single')]).not.toEqual([
				free,
				freeSingle,
			]);
		});
	}
});

describe('another extension, without accountability and with events off', () => {
	for (const attack of ['createOne', 'createMany', 'upsertMany', 'updateOne', 'updateByQuery', 'deleteOne']) {
		test(attack, async () => {
			const before = await instance.snapshot('gov_items');
			const answer = await instance.as(instance.adminToken, `/hostile/${attack}/gov_items`, { method: 'POST' });
			expect(answer.status, answer.text).toBe(403);
			expect(refusalOf(answer)).toMatchObject({ code: 'GOVERNED_WRITE_DENIED', reason: 'NOT_IN_WRITE_ALLOWLIST' });
			expect(await instance.evidence((refusalOf(answer).evidence as { id: string }).id)).toMatchObject({
				surface: 'system',
				actor: { kind: 'system' },
			});
			expect(await instance.snapshot('gov_items')).toBe(before);

			const free = await instance.snapshot('free_items');
			const baseline = await instance.as(instance.adminToken, `/hostile/${attack}/free_items`, { method: 'POST' });
			expect(baseline.status, baseline.text).toBe(200);
			expect(await instance.snapshot('free_items')).not.toBe(free);
		});
	}
});

describe('structure of a governed collection', () => {
	const attempts: readonly [string, 'POST' | 'PATCH' | 'DELETE', string, unknown?][] = [
		['drop the collection', 'DELETE', '/collections/gov_items'],
		['change its settings', 'PATCH', '/collections/gov_items', { meta: { note: 'changed' } }],
		['change several collections', 'PATCH', '/collections', [{ collection: 'gov_items', meta: { hidden: true } }]],
		['add a field', 'POST', '/fields/gov_items', { field: 'extra', type: 'string', schema: {}, meta: {} }],
		['change a field', 'PATCH', '/fields/gov_items/title', { meta: { note: 'changed' } }],
		['drop a field', 'DELETE', '/fields/gov_items/note'],
		['drop the relation to it', 'DELETE', '/relations/gov_items/parent'],
		[
			'describe its field by hand',
			'POST',
			'/graphql/system',
			{
				query:
					'mutation { update_fields_item(collection: "gov_items", field: "title", data: { meta: { note: "changed" } }) { field } }',
			},
		],
	];

	const described = async () => {
		const rows = await Promise.all(
			['directus_collections', 'directus_fields', 'directus_relations'].map((table) => instance.snapshot(table)),
		);
		return rows.join('\n');
	};

	for (const [name, method, path, body] of attempts) {
		test(name, async () => {
			const before = await described();
			const answer = await instance.as(instance.adminToken, path, { method, ...(body !== undefined && { body }) });
			expect([200, 403], answer.text).toContain(answer.status);
			if (!path.includes('/parent'))
				expect(refusalOf(answer)).toMatchObject({
					code: 'GOVERNED_STRUCTURE_LOCKED',
					reason: 'STRUCTURE_LOCKED',
					collection: 'gov_items',
				});
			expect(await described()).toBe(before);
		});
	}

	test('the ungoverned twin can be changed', async () => {
		expect(
			(
				await instance.as(instance.adminToken, '/fields/free_items/title', {
					method: 'PATCH',
					body: { meta: { note: 'n' } },
				})
			).status,
		).toBe(200);
		expect(
			(
				await instance.as(instance.adminToken, '/collections/free_items', {
					method: 'PATCH',
					body: { meta: { note: 'n' } },
				})
			).status,
		).toBe(200);
	});
});

describe('an agent', () => {
	const as = (path: string, method: 'POST' | 'PATCH' | 'DELETE', body?: unknown) =>
		instance.as(instance.agentToken, path, { method, ...(body !== undefined && { body }) });

	test('writes nowhere by default, system collections and structure included', async () => {
		const attempts = [
			await as('/items/free_items', 'POST', { title: 'x' }),
			await as('/users', 'POST', { email: 'x@example.com', password: 'x' }),
			await as('/flows', 'POST', { name: 'x', trigger: 'webhook' }),
			await as('/collections', 'POST', { collection: 'agent_made', schema: {}, meta: {} }),
			await as('/fields/free_items', 'POST', { field: 'agent_made', type: 'string', schema: {} }),
			await as('/relations', 'POST', { collection: 'free_items', field: 'sort', related_collection: 'free_items' }),
			await as('/utils/sort/free_items', 'POST', { item: 1, to: 2 }),
			await as('/folders', 'POST', { name: 'x' }),
			await as('/settings', 'PATCH', { project_name: 'x' }),
		];

		for (const answer of attempts)
			expect(refusalOf(answer), answer.text).toMatchObject({ code: 'GOVERNED_WRITE_DENIED' });
	});

	test('writes what the allowlist names, and only that', async () => {
		const created = await as('/items/agent_notes', 'POST', { title: 'mine' });
		expect(created.status, created.text).toBe(200);
		expect(refusalOf(await as('/items/agent_notes', 'POST', { title: 'mine', note: 'x' }))).toMatchObject({
			reason: 'FIELD_NOT_IN_WRITE_ALLOWLIST',
		});
		expect((await as('/items/agent_notes/1', 'PATCH', { note: 'any field' })).status).toBe(200);
		expect(refusalOf(await as('/items/agent_notes/1', 'DELETE'))).toMatchObject({ reason: 'NOT_IN_WRITE_ALLOWLIST' });
	});

	test('logs in and reads', async () => {
		expect((await instance.as(instance.agentToken, '/users/me')).status).toBe(200);
		expect((await instance.as(instance.agentToken, '/items/gov_items')).status).toBe(200);
	});
});

describe('the bundle', () => {
	test('cannot be disabled, whole or by entry', async () => {
		const { body } = await instance.as(instance.adminToken, '/extensions');
		const own = (body as { data: { id: string; meta: { folder: string } }[] }).data.filter(({ meta }) =>
			['directus-extension-governed-dispatch', 'governed-guard'].includes(meta.folder),
		);

		expect(own.length).toBeGreaterThan(1);

		for (const { id } of own) {
			const answer = await instance.as(instance.adminToken, `/extensions/${id}`, {
				method: 'PATCH',
				body: { meta: { enabled: false } },
			});
			expect(refusalOf(answer), answer.text).toMatchObject({
				code: 'GOVERNED_STRUCTURE_LOCKED',
				reason: 'BUNDLE_PROTECTED',
			});
		}
	});
});
