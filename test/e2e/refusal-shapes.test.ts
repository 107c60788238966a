import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { at } from '../../instance/http.ts';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';
import { oauthToken } from './support/oauth.ts';
import { callTool, sendMessage } from './support/surfaces.ts';

let instance: GuardedInstance;

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
});

afterAll(() => instance?.stop());

const MESSAGE =
	/^\[DENIED\] gov_items\.(create|update|delete): not in write allowlist \(NOT_IN_WRITE_ALLOWLIST; evidence [0-9a-f-]{36}; next: .+\)$/;
const evidenceIn = (message: string) => /evidence ([0-9a-f-]{36})/.exec(message)?.[1] ?? '';

test('REST: 403 with code, reason, collection, action, rule, evidence and next step', async () => {
	const answer = await instance.as(instance.adminToken, '/items/gov_items', { method: 'POST', body: { title: 'x' } });
	expect(answer.status).toBe(403);
	expect(String(at(answer.body, 'errors', 0, 'message'))).toMatch(MESSAGE);
	const { evidence, next, ...rest } = refusalOf(answer);
	expect(rest).toEqual({
		code: 'GOVERNED_WRITE_DENIED',
		reason: 'NOT_IN_WRITE_ALLOWLIST',
		collection: 'gov_items',
		action: 'create',
		rule: 'governed:gov_items',
	});
	expect(next).toEqual(expect.any(String));
	expect(evidence).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
});

describe('GraphQL: 200 with the same in errors[].extensions', () => {
	const mutations = {
		create: 'mutation { create_KIND_items_item(data: { title: "x" }) { id } }',
		update: 'mutation { update_KIND_items_item(id: 1, data: { title: "x" }) { id } }',
		delete: 'mutation { delete_KIND_items_item(id: 2) { id } }',
	};

	for (const [action, mutation] of Object.entries(mutations)) {
		test(action, async () => {
			const before = await instance.snapshot('gov_items');

			for (const token of [instance.adminToken, instance.editorToken, instance.agentToken]) {
				const answer = await instance.as(token, '/graphql', {
					method: 'POST',
					body: { query: mutation.replace('KIND', 'gov') },
				});
				expect(answer.status, answer.text).toBe(200);
				expect(refusalOf(answer)).toMatchObject({
					code: 'GOVERNED_WRITE_DENIED',
					reason: 'NOT_IN_WRITE_ALLOWLIST',
					collection: 'gov_items',
					action,
				});
				const id = (refusalOf(answer).evidence as { id: string }).id;
				expect(await instance.evidence(id)).toMatchObject({ surface: 'graphql', collection: 'gov_items', action });
			}

			expect(await instance.snapshot('gov_items')).toBe(before);
			const free = await instance.snapshot('free_items');
			await instance.as(instance.adminToken, '/graphql', {
				method: 'POST',
				body: { query: mutation.replace('KIND', 'free') },
			});
			expect(await instance.snapshot('free_items')).not.toBe(free);
		});
	}
});

describe('MCP: the message carries reason, evidence and next step', () => {
	const calls: Record<string, Record<string, unknown>> = {
		create: { action: 'create', data: { title: 'x' } },
		update: { action: 'update', keys: [1], data: { title: 'x' } },
		delete: { action: 'delete', keys: [3] },
	};

	for (const [action, input] of Object.entries(calls)) {
		for (const route of ['/mcp', '/MCP']) {
			test(`${action} over ${route}`, async () => {
				const before = await instance.snapshot('gov_items');

				for (const token of [instance.adminToken, instance.agentToken]) {
					const answer = await callTool(`${instance.url}${route}`, token, 'items', {
						collection: 'gov_items',
						...input,
					});
					expect(answer.isError, answer.text).toBe(true);
					const [error] = JSON.parse(answer.text) as { error: string; code: string }[];
					expect(error?.code).toBe('GOVERNED_WRITE_DENIED');
					expect(error?.error).toMatch(MESSAGE);
					expect(await instance.evidence(evidenceIn(error?.error ?? ''))).toMatchObject({
						surface: 'mcp',
						actor: { kind: 'agent' },
					});
				}

				expect(await instance.snapshot('gov_items')).toBe(before);
			});

			test(`${action} over ${route}: an admin on an ungoverned collection is an agent there, and is refused`, async () => {
				const before = await instance.snapshot('free_items');
				const answer = await callTool(`${instance.url}${route}`, instance.adminToken, 'items', {
					collection: 'free_items',
					...input,
				});
				expect(answer.isError, answer.text).toBe(true);
				expect(answer.text).toContain('[DENIED] free_items.');
				expect(await instance.snapshot('free_items')).toBe(before);
			});
		}
	}

	test('reads work', async () => {
		const answer = await callTool(`${instance.url}/mcp`, instance.agentToken, 'items', {
			collection: 'gov_items',
			action: 'read',
		});
		expect(answer.isError, answer.text).toBe(false);
		expect(answer.text).toContain('row 1');
	});

	test('a session token is marked as a static one is', async () => {
		const login = await instance.as(undefined, '/auth/login', {
			method: 'POST',
			body: { email: instance.adminEmail, password: instance.adminPassword },
		});

		const token = String(at(login.body, 'data', 'access_token'));
		const answer = await callTool(`${instance.url}/mcp`, token, 'items', {
			collection: 'free_items',
			action: 'create',
			data: { title: 'x' },
		});
		expect(answer.text).toContain('[DENIED] free_items.create');
	});

	test('an OAuth token is marked as a static one is', async () => {
		const token = await oauthToken({ url: instance.url, email: instance.adminEmail, password: instance.adminPassword });
		const item = { action: 'create', data: { title: 'x' } };
		const governed = await callTool(`${instance.url}/mcp`, token, 'items', { collection: 'gov_items', ...item });
		expect(governed.text).toContain('[DENIED] gov_items.create');
		const open = await callTool(`${instance.url}/mcp`, token, 'items', { collection: 'free_items', ...item });
		expect(open.text).toContain('[DENIED] free_items.create');
		expect(
			await callTool(`${instance.url}/mcp`, token, 'items', { collection: 'free_items', action: 'read' }),
		).toMatchObject({ isError: false });
	});

	test('what the write allowlist names goes through, with its fields and no others', async () => {
		const note = (data: object) =>
			callTool(`${instance.url}/mcp`, instance.agentToken, 'items', {
				collection: 'agent_notes',
				action: 'create',
				data,
			});
		expect(await note({ title: 'ok' })).toMatchObject({ isError: false });
		const refused = await note({ title: 'ok', note: 'not listed' });
		expect(refused.isError).toBe(true);
		expect(refused.text).toContain('FIELD_NOT_IN_WRITE_ALLOWLIST');
	});
});

describe('WebSocket: code, and a message with everything else', () => {
	const messages: Record<string, Record<string, unknown>> = {
		create: { action: 'create', data: { title: 'x' } },
		update: { action: 'update', id: 1, data: { title: 'over a socket' } },
		delete: { action: 'delete', id: 4 },
	};

	for (const [action, message] of Object.entries(messages)) {
		test(action, async () => {
			const before = await instance.snapshot('gov_items');

			for (const token of [instance.adminToken, instance.editorToken, instance.agentToken]) {
				const reply = await sendMessage(instance.url, token, { type: 'items', collection: 'gov_items', ...message });
				expect(reply).toMatchObject({
					type: 'items',
					status: 'error',
					uid: 'one',
					error: { code: 'GOVERNED_WRITE_DENIED' },
				});
				const text = String(at(reply, 'error', 'message'));
				expect(text).toMatch(MESSAGE);
				expect(await instance.evidence(evidenceIn(text))).toMatchObject({ surface: 'ws' });
			}

			expect(await instance.snapshot('gov_items')).toBe(before);
			const free = await instance.snapshot('free_items');
			await sendMessage(instance.url, instance.adminToken, { type: 'items', collection: 'free_items', ...message });
			expect(await instance.snapshot('free_items')).not.toBe(free);
		});
	}
});

describe('refused by the database alone', () => {
	const attacks = [
		['knexInsert', 'GOVERNED_WRITE_DENIED'],
		['knexUpdate', 'GOVERNED_WRITE_DENIED'],
		['knexDelete', 'GOVERNED_WRITE_DENIED'],
		['knexTruncate', 'GOVERNED_WRITE_DENIED'],
		['knexAlter', 'GOVERNED_STRUCTURE_LOCKED'],
	] as const;

	for (const [attack, code] of attacks) {
		test(attack, async () => {
			const before = await instance.snapshot('gov_items');
			const answer = await instance.as(instance.adminToken, `/hostile/${attack}/gov_items`, { method: 'POST' });
			expect(answer.status, answer.text).toBe(403);
			expect(refusalOf(answer)).toMatchObject({ code, reason: 'REFUSED_BY_DATABASE', collection: 'gov_items' });
			expect(answer.text).not.toContain('secret');
			const id = (refusalOf(answer).evidence as { id: string }).id;
			expect(await instance.evidence(id)).toMatchObject({ surface: 'db', reason: 'REFUSED_BY_DATABASE' });
			expect(await instance.snapshot('gov_items')).toBe(before);
		});
	}

	test('the pool is left usable: a hundred refusals, then ordinary reads', async () => {
		await Promise.all(
			Array.from({ length: 100 }, () =>
				instance.as(instance.adminToken, '/hostile/knexUpdate/gov_items', { method: 'POST' }),
			),
		);
		const reads = await Promise.all(
			Array.from({ length: 30 }, () => instance.as(instance.adminToken, '/items/gov_items')),
		);
		expect(reads.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
	});

	test('on the ungoverned twin the same statements go through', async () => {
		for (const [attack] of attacks) {
			const answer = await instance.as(instance.adminToken, `/hostile/${attack}/free_items`, { method: 'POST' });
			expect(answer.status, answer.text).toBe(200);
		}
	});
});
