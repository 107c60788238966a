import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type Answer, at } from '../../instance/http.ts';
import { EDITOR } from '../../instance/principals.ts';
import { refusalOf } from './support/guarded-instance.ts';
import { type StewardedInstance, startStewardedInstance } from './support/stewarded-instance.ts';
import { sendMessage } from './support/surfaces.ts';

interface Seen {
	inside: boolean;
	events: { kind: string; collection: string; keys: unknown[]; committed: Record<string, unknown>[] }[];
	purges: Record<string, unknown>[][];
}

let instance: StewardedInstance;

beforeAll(async () => {
	instance = await startStewardedInstance(inject('cluster'));
});
afterAll(() => instance?.stop());
beforeEach(async () => {
	await instance.as(instance.adminToken, '/watcher/reset', { method: 'POST' });
});

const editor = (path: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE' = 'GET', body?: unknown) =>
	instance.as(instance.editorToken, path, { method, ...(body === undefined ? {} : { body }) });
const ok = (answer: Answer): Answer => {
	expect(answer.status, answer.text).toBeLessThan(300);
	return answer;
};
const seen = async () => at((await instance.as(instance.adminToken, '/watcher')).body, 'data') as Seen;
const prices = () => instance.sql('select * from public.st_prices order by id');
const refused = (answer: Answer, reason: string, code = 'GOVERNED_WRITE_DENIED') => {
	expect(answer.status, answer.text).toBe(403);
	expect(refusalOf(answer)).toMatchObject({ code, reason });
};

test('the instance is active, and the stewards’ way was shown', async () => {
	const answer = await instance.as(instance.adminToken, '/hostile/runtime');
	expect(at(answer.body, 'data'), answer.text).toMatchObject({
		state: 'active',
		probes: expect.arrayContaining([expect.objectContaining({ id: 'stewards:way', result: 'refused' })]),
	});
});

describe('rights', () => {
	test('a steward updates its field, with filters inside the transaction, and it is recorded', async () => {
		ok(await editor('/items/st_prices/1', 'PATCH', { price: 11 }));
		expect((await prices())[0]).toMatchObject({ price: 11, secret: 's1' });
		expect((await seen()).inside).toBe(true);
		const [written] = await instance.sql('select * from governance.steward_writes order by written_at desc limit 1');
		expect(written).toMatchObject({
			collection: 'st_prices',
			action: 'update',
			rules: ['editors'],
			principal: { kind: 'user', user: EDITOR.user, role: EDITOR.role, surface: 'rest' },
			columns: ['price'],
			row_keys: ['1'],
		});
	});

	test('another field, another action, another person', async () => {
		const before = await prices();
		refused(await editor('/items/st_prices/1', 'PATCH', { price: 1, secret: 'x' }), 'FIELD_NOT_STEWARDED');
		refused(await editor('/items/st_prices', 'POST', { name: 'x', secret: 'x' }), 'FIELD_NOT_STEWARDED');
		refused(await editor('/items/st_prices', 'POST', { id: 999, name: 'x' }), 'FIELD_NOT_STEWARDED');
		refused(await editor('/items/st_parents/1', 'DELETE'), 'ACTION_NOT_STEWARDED');
		refused(await editor('/items/st_laws', 'POST', { title: 'x' }), 'NOT_IN_WRITE_ALLOWLIST');
		refused(await editor('/utils/sort/st_prices', 'POST', { item: 1, to: 4 }), 'FIELD_NOT_STEWARDED');
		for (const token of [instance.adminToken, instance.agentToken, undefined]) {
			const answer = await instance.as(token, '/items/st_prices/1', { method: 'PATCH', body: { price: 5 } });
			refused(answer, 'NOT_IN_WRITE_ALLOWLIST');
		}
		for (const attack of ['createOne', 'updateOne', 'deleteOne', 'upsertMany']) {
			const answer = await instance.as(instance.adminToken, `/hostile/${attack}/st_prices`, { method: 'POST' });
			refused(answer, 'NOT_IN_WRITE_ALLOWLIST');
		}
		const knex = await instance.as(instance.adminToken, '/hostile/knexDelete/st_prices', { method: 'POST' });
		refused(knex, 'REFUSED_BY_DATABASE');
		expect(await prices()).toEqual(before);
	});

	test('a steward by a Directus policy, with a uuid key', async () => {
		const id = at(ok(await editor('/items/st_tags', 'POST', { label: 'a' })).body, 'data', 'id');
		ok(await editor(`/items/st_tags/${String(id).toUpperCase()}`, 'PATCH', { label: 'b' }));
		refused(await editor(`/items/st_tags/${id}`, 'PATCH', { hidden: 'x' }), 'FIELD_NOT_STEWARDED');
		expect(await instance.sql(`select label, hidden from public.st_tags where id = '${id}'`)).toEqual([
			{ label: 'b', hidden: null },
		]);
		ok(
			await instance.as(instance.adminToken, `/policies/${EDITOR.policy}`, {
				method: 'PATCH',
				body: { ip_access: ['127.0.0.0/8'] },
			}),
		);
		refused(await editor(`/items/st_tags/${id}`, 'PATCH', { label: 'c' }), 'NOT_IN_WRITE_ALLOWLIST');
		ok(
			await instance.as(instance.adminToken, `/policies/${EDITOR.policy}`, {
				method: 'PATCH',
				body: { ip_access: null },
			}),
		);
		ok(await editor(`/items/st_tags/${id}`, 'PATCH', { label: 'c' }));
	});
});

describe('every way Directus writes', () => {
	const count = async () => Number((await instance.sql('select count(*) as n from public.st_prices'))[0]?.n);

	test('create one and many, update many and by query, delete', async () => {
		const created = ok(await editor('/items/st_prices', 'POST', [{ name: 'a' }, { name: 'b', price: 2 }]));
		const [a, b] = (at(created.body, 'data') as { id: number }[]).map(({ id }) => id);
		ok(await editor('/items/st_prices', 'PATCH', { keys: [a, String(b)], data: { price: 77 } }));
		ok(await editor('/items/st_prices', 'PATCH', { query: { filter: { price: { _eq: 77 } } }, data: { name: 'q' } }));
		expect(await instance.sql(`select name, price from public.st_prices where id in (${a}, ${b})`)).toEqual([
			{ name: 'q', price: 77 },
			{ name: 'q', price: 77 },
		]);
		ok(await editor('/items/st_prices', 'DELETE', [a, b]));
		ok(await editor('/items/st_single', 'PATCH', { title: 'one' }));
		ok(await editor('/items/st_single', 'PATCH', { title: 'two' }));
		expect(await instance.sql('select title from public.st_single')).toEqual([{ title: 'two' }]);
	});

	test('a batch of 1,000 creates, and one of 1,000 updates', async () => {
		const before = await count();
		const body = Array.from({ length: 1_000 }, (_, n) => ({ name: `batch ${n}`, price: n }));
		const answer = await instance.as(instance.editorToken, '/items/st_prices?fields=id&limit=-1', {
			method: 'POST',
			body,
			timeoutMs: 120_000,
		});
		ok(answer);
		expect(await count()).toBe(before + 1_000);
		const keys = (await instance.sql(`select id from public.st_prices where name like 'batch %'`)).map(({ id }) => id);
		ok(
			await instance.as(instance.editorToken, '/items/st_prices?limit=1', {
				method: 'PATCH',
				body: { keys, data: { price: 5 } },
				timeoutMs: 120_000,
			}),
		);
		ok(
			await instance.as(instance.editorToken, '/items/st_prices', { method: 'DELETE', body: keys, timeoutMs: 120_000 }),
		);
		expect(await count()).toBe(before);
	}, 300_000);

	test('nested: o2m in both notations, m2o, m2m, m2a', async () => {
		const made = ok(
			await editor('/items/st_parents?fields=id,prices.id', 'POST', {
				title: 'nested',
				prices: [{ name: 'k1' }, { name: 'k2' }],
				blocks: [{ collection: 'st_tags', item: { label: 'block' } }],
			}),
		);
		const { id, prices: kids } = at(made.body, 'data') as { id: number; prices: { id: number }[] };
		ok(
			await editor(`/items/st_parents/${id}`, 'PATCH', {
				title: 'again',
				prices: { create: [{ name: 'k3' }], update: [{ id: kids[0]?.id, name: 'k1 changed' }], delete: [kids[1]?.id] },
			}),
		);
		expect(await instance.sql(`select name from public.st_prices where parent = ${id} order by id`)).toEqual([
			{ name: 'k1 changed' },
			{ name: 'k3' },
		]);
		ok(await editor(`/items/st_prices/${kids[0]?.id}`, 'PATCH', { parent: { id, title: 'by m2o' } }));
		expect(await instance.sql(`select title from public.st_parents where id = ${id}`)).toEqual([{ title: 'by m2o' }]);
		ok(await editor('/items/st_prices/2', 'PATCH', { tags: [{ tag: { label: 'm2m' } }] }));
		expect(
			await instance.sql(
				'select t.label from public.st_links l join public.st_tags t on t.id = l.tag where l.price = 2',
			),
		).toEqual([{ label: 'm2m' }]);
		expect(await instance.sql(`select collection from public.st_blocks where parent = ${id}`)).toEqual([
			{ collection: 'st_tags' },
		]);
		ok(await editor('/items/open_parents/1', 'PATCH', { price: { id: 2, price: 222 } }));
		expect((await prices()).find((row) => row.id === 2)).toMatchObject({ price: 222 });
	});

	test('a nested field that is nobody’s rolls the whole back', async () => {
		const before = [await prices(), await instance.sql('select * from public.st_parents order by id')];
		const answer = await editor('/items/st_parents/1', 'PATCH', {
			title: 'half',
			prices: { create: [{ name: 'ok' }, { name: 'x', secret: 'x' }] },
		});
		refused(answer, 'FIELD_NOT_STEWARDED');
		expect([await prices(), await instance.sql('select * from public.st_parents order by id')]).toEqual(before);
		expect((await seen()).events).toEqual([]);
	});

	const importOf = async (name: string, type: string, content: string) => {
		const form = new FormData();
		form.append('file', new Blob([content], { type }), name);
		const response = await fetch(`${instance.url}/utils/import/st_prices`, {
			method: 'POST',
			headers: { authorization: `Bearer ${instance.editorToken}` },
			body: form,
		});
		return { status: response.status, text: await response.text() };
	};

	test('imports of JSON and CSV, which update and create; a field that is nobody’s changes nothing', async () => {
		const json = await importOf(
			'a.json',
			'application/json',
			JSON.stringify([{ id: 1, price: 61 }, { name: 'imported' }]),
		);
		expect(json.status, json.text).toBe(200);
		const csv = await importOf('a.csv', 'text/csv', 'name,price\nfrom csv,62\n');
		expect(csv.status, csv.text).toBe(200);
		const rows = await prices();
		expect(rows[0]).toMatchObject({ price: 61 });
		expect(rows.slice(-2)).toMatchObject([{ name: 'imported' }, { name: 'from csv', price: 62 }]);
		const before = await prices();
		const bad = await importOf('b.csv', 'text/csv', 'name,secret\na,x\n');
		expect(bad.status).toBe(403);
		expect(await prices()).toEqual(before);
	});

	test('GraphQL and WebSocket', async () => {
		const query = 'mutation { update_st_prices_item(id: 2, data: { price: 31 }) { price } }';
		const answer = ok(await editor('/graphql', 'POST', { query }));
		expect(at(answer.body, 'data', 'update_st_prices_item', 'price'), answer.text).toBe(31);
		const reply = await sendMessage(instance.url, instance.editorToken, {
			type: 'items',
			action: 'update',
			collection: 'st_prices',
			id: 2,
			data: { price: 32 },
		});
		expect(reply, JSON.stringify(reply)).toMatchObject({ data: { price: 32 } });
		const written = await instance.sql(
			`select principal ->> 'surface' as way from governance.steward_writes order by written_at desc limit 2`,
		);
		expect(written.map(({ way }) => way)).toEqual(['ws', 'graphql']);
	});
});

describe('what comes after a write', () => {
	test('action events come after the commit, each once, and the cache is cleared after it, once', async () => {
		const many = Array.from({ length: 3 }, (_, n) => ({ id: n + 1, price: 700 + n }));
		const ways: [string, () => Promise<Answer>, number][] = [
			['update one', () => editor('/items/st_prices/1', 'PATCH', { price: 501 }), 1],
			['update many', () => editor('/items/st_prices', 'PATCH', { keys: [1, 2], data: { price: 502 } }), 1],
			['update batch', () => editor('/items/st_prices', 'PATCH', many), 3],
			['create', () => editor('/items/st_prices', 'POST', { name: 'told' }), 1],
			['create many', () => editor('/items/st_prices', 'POST', [{ name: 'told' }, { name: 'told' }]), 2],
			[
				'nested',
				() => editor('/items/st_parents/1', 'PATCH', { title: 't', prices: { create: [{ name: 'told' }] } }),
				2,
			],
			[
				'delete',
				async () => {
					const [last] = (await prices()).slice(-1);
					return editor('/items/st_prices', 'DELETE', [last?.id]);
				},
				1,
			],
		];
		for (const [name, write, events] of ways) {
			await instance.as(instance.adminToken, '/watcher/reset', { method: 'POST' });
			ok(await write());
			await expect.poll(async () => (await seen()).events.length, { message: name }).toBe(events);
			const { events: told, purges } = await seen();
			for (const { kind, committed, keys } of told)
				expect(committed, name).toHaveLength(kind === 'delete' ? 0 : keys.length);
			expect(purges, name).toHaveLength(1);
		}
		await instance.as(instance.adminToken, '/watcher/reset', { method: 'POST' });
		await editor('/items/st_prices', 'PATCH', many);
		expect((await seen()).purges).toEqual([[expect.objectContaining({ price: 700 })]]);
	});

	test('a batch that fails tells nothing, and a cached read is not stale after one that does not', async () => {
		const batch = [
			{ id: 1, price: 801 },
			{ id: 2, secret: 'x' },
		];
		refused(await editor('/items/st_prices', 'PATCH', batch), 'FIELD_NOT_STEWARDED');
		const { events, purges } = await seen();
		expect([events, purges]).toEqual([[], []]);
		for (const price of [901, 902]) {
			ok(await editor('/items/st_prices', 'PATCH', [{ id: 1, price }]));
			expect(at((await editor('/items/st_prices/1')).body, 'data', 'price')).toBe(price);
		}
	});
});

describe('a filter that comes after the guard', () => {
	test('what it makes of the payload is what is checked', async () => {
		const before = await prices();
		const wider = await editor('/items/st_prices/1', 'PATCH', { name: 'widen' });
		refused(wider, 'REFUSED_BY_DATABASE');
		expect(await prices()).toEqual(before);
		ok(await editor('/items/st_prices/1', 'PATCH', { name: 'other price' }));
		expect((await prices())[0]).toMatchObject({ price: 4242 });
		// Filters come before the permit is looked at: this one deletes another row than the one that was asked for.
		refused(await editor('/items/st_prices/3', 'DELETE'), 'REFUSED_BY_DATABASE');
		expect((await prices()).map(({ id }) => id)).toEqual(expect.arrayContaining([3, 5]));
	});
});

describe('a Directus that has changed', () => {
	test('without permits nothing is written, and the refusal says so', async () => {
		await instance.sql(
			'alter function governance.take_permit(text, text, text[], text[], integer, uuid, jsonb) rename to gone',
		);
		try {
			const before = await prices();
			refused(await editor('/items/st_prices/1', 'PATCH', { price: 1 }), 'PERMIT_NOT_TAKEN', 'GOVERNANCE_HOLD');
			expect(await prices()).toEqual(before);
		} finally {
			await instance.sql(
				'alter function governance.gone(text, text, text[], text[], integer, uuid, jsonb) rename to take_permit',
			);
		}
	});

	test('a wrapper that no longer writes in its transaction holds the instance', async () => {
		ok(await instance.as(instance.adminToken, '/watcher/break', { method: 'POST' }));
		// Extensions are loaded again, and the probe with them.
		const listed = at((await instance.as(instance.adminToken, '/extensions')).body, 'data') as Record<
			string,
			unknown
		>[];
		const neighbour = listed.find((extension) => at(extension, 'schema', 'name') === 'watcher');
		ok(
			await instance.as(instance.adminToken, `/extensions/${neighbour?.id}`, {
				method: 'PATCH',
				body: { meta: { enabled: false } },
			}),
		);
		await expect
			.poll(async () => at((await instance.as(instance.adminToken, '/hostile/runtime')).body, 'data', 'reason'), {
				timeout: 30_000,
			})
			.toBe('STEWARD_WRAPPER_BROKEN');
	});
});
