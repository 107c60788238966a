import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, at } from '../../instance/http.ts';
import { withClient } from '../../instance/roles.ts';
import { until } from './support/dispatch-instance.ts';
import { FLOW_DECLARATION, govern, REPORTED } from './support/govern.ts';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';
import { callTool, sendMessage } from './support/surfaces.ts';

let instance: GuardedInstance;

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
	await govern(instance, FLOW_DECLARATION);
});

afterAll(() => instance?.stop());

const sql = (text: string) =>
	withClient(
		instance.database.superuserUrl,
		async (client) => (await client.query(text)).rows as Record<string, unknown>[],
	);

/** Everything that is stored of flows, and nothing that Directus notes beside it. */
const stored = async () =>
	JSON.stringify([
		await sql('select id, name, status, trigger, options, operation from public.directus_flows order by 1'),
		await sql('select id, key, type, options, flow, resolve, reject from public.directus_operations order by 1'),
	]);

/** The free licence allows five active flows; each attempt starts from the same few. */
const reset = async () => {
	await sql('update public.directus_operations set resolve = null, reject = null');
	await sql('delete from public.directus_flows');
};

type Payload = Record<string, unknown>;
const step = (type: string, more: Payload = {}): Payload => ({
	key: `step_${type.replaceAll('-', '_')}`,
	type,
	position_x: 1,
	position_y: 1,
	options: {},
	...more,
});
const flow = (trigger: string, options: Payload, ...steps: Payload[]): Payload => ({
	name: 'made by a test',
	status: 'active',
	trigger,
	options,
	operations: steps,
});
const filter = { type: 'filter', scope: ['items.create'], collections: ['free_items'] };

const WRITES = flow(
	'webhook',
	{ method: 'GET' },
	step('item-create', { options: { collection: 'free_items', payload: '{}' } }),
);

const BAD: Record<string, [Payload, RegExp]> = {
	'a webhook that writes': [WRITES, /step_item_create \(item-create\)/],
	'an event that runs code beside a dispatch': [
		flow(
			'event',
			{ type: 'action', scope: ['items.create'], collections: ['free_items'] },
			step('governed-dispatch'),
			step('exec'),
		),
		/step_exec \(exec\)/,
	],
	'a schedule that calls back': [
		flow('schedule', { cron: '0 0 1 1 *' }, step('log'), step('request')),
		/step_request \(request\)/,
	],
	'an inactive draft that writes': [{ ...WRITES, status: 'inactive' }, /item-create/],
	'a filter that replaces payloads': [flow('event', { ...filter, return: '$last' }), /filter flow may not return/],
	'a filter that reads with its payload': [flow('event', filter, step('item-read')), /item-read/],
	'a filter that writes into what it signs': [flow('event', filter, step('json-web-token')), /json-web-token/],
	'a sync by webhook': [flow('webhook', {}, step('governed-cdc-sync')), /needs an event trigger/],
	'a dispatch that runs': [
		flow('manual', {}, step('governed-dispatch', { options: { mode: 'REAL_RUN' } })),
		/PLAN_ONLY or DRY_RUN/,
	],
	'the other notation of nesting': [
		{ ...WRITES, operations: { create: WRITES.operations, update: [], delete: [] } },
		/item-create/,
	],
};

const GOOD: Record<string, Payload> = {
	'a dispatch by webhook': flow(
		'webhook',
		{},
		step('governed-dispatch', { options: { mode: 'PLAN_ONLY' } }),
		step('transform'),
	),
	'a sync on an event': flow(
		'event',
		{ type: 'action', scope: ['items.create'], collections: ['free_items'] },
		step('governed-cdc-sync'),
	),
	'a filter that refuses': flow('event', filter, step('condition'), step('throw-error')),
	'an unfinished draft': { ...flow('webhook', {}, step('governed-cdc-sync')), status: 'inactive' },
};

interface Outcome {
	/** Code of the refusal where the surface carries one; MCP carries the message alone. */
	code: unknown;
	text: string;
}

const fromAnswer = (answer: Answer): Outcome => ({ code: refusalOf(answer).code, text: answer.text });
const post = async (path: string, body: unknown, method: 'POST' | 'PATCH' = 'POST') =>
	fromAnswer(await instance.as(instance.adminToken, path, { method, body }));
const graphql = (query: string, variables: Payload) => post('/graphql/system', { query, variables });
const tool = async (name: string, input: Payload): Promise<Outcome> => {
	const { text } = await callTool(`${instance.url}/mcp`, instance.adminToken, name, input);
	return { code: text.includes('FLOW_SHAPE_NOT_ALLOWED') ? 'FLOW_NOT_ALLOWED' : undefined, text };
};
const hostile = (service: string, method: string, args: unknown[], collection?: string) =>
	post('/hostile/call', { service, method, args, collection });

/** Ways to make a flow. `listed`: operations can be nested there only as a list. */
const MAKERS: Record<string, (payload: Payload) => Promise<Outcome>> = {
	REST: (payload) => post('/flows', payload),
	'REST, several': (payload) => post('/flows', [GOOD['a sync on an event'], payload]),
	GraphQL: (data) =>
		graphql('mutation ($data: create_directus_flows_input!) { create_flows_item(data: $data) { id } }', { data }),
	MCP: (data) => tool('flows', { action: 'create', data }),
	'another extension': (payload) => hostile('FlowsService', 'createOne', [payload, { emitEvents: false }]),
	'another extension, as items': (payload) =>
		hostile('ItemsService', 'createMany', [[payload], { emitEvents: false }], 'directus_flows'),
};

describe('a flow of a shape that is not allowed', () => {
	test.each(Object.entries(BAD))(
		'%s is refused over REST with the operation and the reason',
		async (_, [payload, says]) => {
			await reset();
			const before = await stored();
			const answer = await instance.as(instance.adminToken, '/flows', { method: 'POST', body: payload });
			expect(answer.status, answer.text).toBe(403);
			expect(refusalOf(answer)).toMatchObject({
				code: 'FLOW_NOT_ALLOWED',
				reason: 'FLOW_SHAPE_NOT_ALLOWED',
				detail: expect.stringMatching(says),
				next: expect.stringContaining('governed-dispatch'),
			});
			expect(answer.text).toMatch(says);
			const { id } = refusalOf(answer).evidence as { id: string };
			expect(await instance.evidence(id)).toMatchObject({ kind: 'refusal', reason: 'FLOW_SHAPE_NOT_ALLOWED' });
			expect(await stored()).toBe(before);
		},
	);

	test.each(Object.entries(MAKERS))('is refused over %s', async (_, make) => {
		await reset();
		const before = await stored();
		const { code, text } = await make(WRITES);
		expect(code, text).toBe('FLOW_NOT_ALLOWED');
		expect(text).toContain('item-create');
		expect(await stored()).toBe(before);
	});

	test('reaches nothing over WebSocket, where Directus takes no system collection', async () => {
		const reply = await sendMessage(instance.url, instance.adminToken, {
			type: 'items',
			collection: 'directus_flows',
			action: 'create',
			data: WRITES,
		});
		expect(at(reply, 'error', 'code')).toBe('INVALID_COLLECTION');
	});
});

test.each(Object.entries(GOOD))('%s is saved', async (_, payload) => {
	await reset();
	const { text } = (await MAKERS.REST?.(payload)) ?? { text: '' };
	expect(at(JSON.parse(text), 'data', 'id'), text).toBeTruthy();
});

const F = '00000000-0000-4000-8000-0000000000f1';
const D = '00000000-0000-4000-8000-0000000000f2';
const L = '00000000-0000-4000-8000-0000000000e1';
const E = '00000000-0000-4000-8000-0000000000e2';

/** A lawful active flow F with a log L, and a dormant flow D that holds code E, as it may stand there from before. */
async function givenFlows(): Promise<void> {
	await reset();
	await sql(`insert into public.directus_flows (id, name, status, trigger, options) values ('${F}', 'F', 'active', 'webhook', '{}'), ('${D}', 'D', 'inactive', 'webhook', '{}');
		alter table public.directus_operations disable trigger user;
		insert into public.directus_operations (id, key, type, position_x, position_y, flow, options) values ('${L}', 'l', 'log', 1, 1, '${F}', '{}'), ('${E}', 'e', 'exec', 1, 1, '${D}', '{}');
		alter table public.directus_operations enable always trigger governance_metadata_guard; alter table public.directus_operations enable always trigger governance_metadata_last_look`);
}

const code = step('exec', { options: { code: 'module.exports = async () => 1' } });
const EDITS: Record<string, () => Promise<Outcome>> = {
	'REST: a new operation': () => post('/operations', { ...code, flow: F }),
	'REST: a new operation under a flow written as an object': () => post('/operations', { ...code, flow: { id: F } }),
	'REST: several operations': () =>
		post('/operations', [
			{ ...step('log'), flow: F },
			{ ...code, flow: F },
		]),
	'REST: another type': () => post(`/operations/${L}`, { type: 'exec' }, 'PATCH'),
	'REST: another type for several': () => post('/operations', { keys: [L], data: { type: 'item-delete' } }, 'PATCH'),
	'REST: another type for each': () => post('/operations', [{ id: L, type: 'item-update' }], 'PATCH'),
	'REST: another type by query': () =>
		post('/operations', { query: { filter: { flow: { _eq: F } } }, data: { type: 'request' } }, 'PATCH'),
	'REST: the next one nested in a link': () => post(`/operations/${L}`, { resolve: { ...code, flow: F } }, 'PATCH'),
	'REST: nested in the flow, as a list': () => post(`/flows/${F}`, { operations: [L, code] }, 'PATCH'),
	'REST: nested in the flow, as changes': () =>
		post(`/flows/${F}`, { operations: { create: [code], update: [], delete: [] } }, 'PATCH'),
	'REST: a nested change of type': () =>
		post(`/flows/${F}`, { operations: { create: [], update: [{ id: L, type: 'exec' }], delete: [] } }, 'PATCH'),
	'REST: nested as the entry': () => post(`/flows/${F}`, { operation: { ...code, flow: F } }, 'PATCH'),
	'REST: nested two deep': () =>
		post(
			`/flows/${F}`,
			{ operations: { create: [], update: [{ id: L, resolve: { ...code, flow: F } }], delete: [] } },
			'PATCH',
		),
	'batch import: a new operation': () =>
		post('/utils/import', [{ collection: 'directus_operations', items: [{ ...code, flow: F }] }]),
	'batch import: another type': () =>
		post('/utils/import?mode=merge', [{ collection: 'directus_operations', items: [{ ...code, id: L, flow: F }] }]),
	'batch import: activation': () =>
		post('/utils/import?mode=merge', [
			{ collection: 'directus_flows', items: [{ id: D, name: 'D', status: 'active' }] },
		]),
	'REST: an operation moved in': () => post(`/operations/${E}`, { flow: F }, 'PATCH'),
	'REST: activation': () => post(`/flows/${D}`, { status: 'active' }, 'PATCH'),
	'REST: activation of several': () => post('/flows', { keys: [F, D], data: { status: 'active' } }, 'PATCH'),
	'REST: other code in a dormant flow': () => post(`/operations/${E}`, { options: { code: 'x' } }, 'PATCH'),
	'GraphQL: a new operation': () =>
		graphql('mutation ($data: create_directus_operations_input!) { create_operations_item(data: $data) { id } }', {
			data: { ...code, flow: { id: F, name: 'F' } },
		}),
	'GraphQL: another type': () =>
		graphql(`mutation { update_operations_item(id: "${L}", data: { type: "exec" }) { id } }`, {}),
	'GraphQL: activation': () =>
		graphql(`mutation { update_flows_item(id: "${D}", data: { status: "active" }) { id } }`, {}),
	'MCP: a new operation': () => tool('operations', { action: 'create', data: { ...code, name: 'x', flow: F } }),
	'MCP: another type': () => tool('operations', { action: 'update', key: L, data: { type: 'exec' } }),
	'MCP: activation': () => tool('flows', { action: 'update', key: D, data: { status: 'active' } }),
	'another extension: a new operation': () =>
		hostile('OperationsService', 'createOne', [{ ...code, flow: F }, { emitEvents: false }]),
	'another extension: another type': () =>
		hostile('ItemsService', 'updateByQuery', [{}, { type: 'exec' }, { emitEvents: false }], 'directus_operations'),
	'another extension: upsert': () =>
		hostile('ItemsService', 'upsertMany', [[{ id: L, type: 'exec' }], { emitEvents: false }], 'directus_operations'),
	'another extension: activation': () =>
		hostile('ItemsService', 'updateMany', [[D], { status: 'active' }, { emitEvents: false }], 'directus_flows'),
	'knex: another type': () =>
		post('/hostile/sql', { sql: `update directus_operations set type = 'exec' where id = '${L}'` }),
	'knex: activation': () =>
		post('/hostile/sql', { sql: `update directus_flows set status = 'active' where id = '${D}'` }),
};

describe('an edit that would make a flow something else', () => {
	test.each(Object.entries(EDITS))('%s is refused', async (_, edit) => {
		await givenFlows();
		const before = await stored();
		const { code: refused, text } = await edit();
		expect(refused, text).toBe('FLOW_NOT_ALLOWED');
		expect(await stored()).toBe(before);
	});

	test('a flow that violated the policy before may be renamed, switched off, emptied and deleted', async () => {
		await givenFlows();
		const answers = [
			await instance.as(instance.adminToken, `/flows/${D}`, {
				method: 'PATCH',
				body: { name: 'renamed', status: 'inactive' },
			}),
			await instance.as(instance.adminToken, `/operations/${E}`, { method: 'PATCH', body: { position_x: 7 } }),
			await instance.as(instance.adminToken, `/operations/${E}`, { method: 'DELETE' }),
			await instance.as(instance.adminToken, `/flows/${D}`, { method: 'DELETE' }),
			await instance.as(instance.adminToken, `/flows/${F}`, {
				method: 'PATCH',
				body: { operations: { create: [step('condition')], update: [{ id: L, name: 'n' }], delete: [] } },
			}),
		];
		for (const answer of answers) expect([200, 204], answer.text).toContain(answer.status);
	});

	test('an agent without an entry in the allowlist is told that, and writes no flow of any shape', async () => {
		await govern(instance, { ...FLOW_DECLARATION, write_allowlist: [] });
		const { text } = await callTool(`${instance.url}/mcp`, instance.adminToken, 'flows', {
			action: 'create',
			data: GOOD['a dispatch by webhook'] as Payload,
		});
		expect(text).toContain('NOT_IN_WRITE_ALLOWLIST');
		await govern(instance, FLOW_DECLARATION);
	});
});

describe('where flows are only reported, the same requests go through', () => {
	beforeAll(() => govern(instance, REPORTED));
	afterAll(() => govern(instance, FLOW_DECLARATION));

	test.each(Object.entries(BAD))('%s', async (_, [payload]) => {
		await reset();
		const answer = await instance.as(instance.adminToken, '/flows', { method: 'POST', body: payload });
		expect(answer.status, answer.text).toBe(200);
	});

	test.each(Object.entries(MAKERS))('%s', async (_, make) => {
		await reset();
		const before = await stored();
		const { code: refused, text } = await make(WRITES);
		expect(refused, text).toBeUndefined();
		expect(await stored(), text).not.toBe(before);
	});

	test.each(Object.entries(EDITS))('%s', async (_, edit) => {
		await givenFlows();
		const before = await stored();
		const { code: refused, text } = await edit();
		expect(refused, text).toBeUndefined();
		expect(await stored(), text).not.toBe(before);
	});

	test('and posture names those that are active', async () => {
		await reset();
		const before = await instance.as(instance.adminToken, '/governance/posture');
		expect(before.text).not.toContain('FLOW_NOT_ALLOWED');
		await post('/flows', WRITES);
		const { body } = await instance.as(instance.adminToken, '/governance/posture');
		expect(at(body, 'data', 'alarms')).toContainEqual({
			code: 'FLOW_NOT_ALLOWED',
			detail: expect.stringContaining('step_item_create (item-create)'),
		});
	});

	test('a filter that only signs its payload really writes into it', async () => {
		await reset();
		const field = { field: 'iss', type: 'string', schema: {}, meta: {} };
		expect((await instance.as(instance.adminToken, '/fields/free_items', { method: 'POST', body: field })).status).toBe(
			200,
		);
		const signing = {
			operation: 'sign',
			payload: '{{$trigger.payload}}',
			secret: 'x',
			options: { mutatePayload: true, issuer: 'planted' },
		};
		const made = await instance.as(instance.adminToken, '/flows', {
			method: 'POST',
			body: flow('event', filter, step('json-web-token', { options: signing })),
		});
		const id = at(made.body, 'data', 'id');
		const steps = await instance.as(instance.adminToken, `/operations?filter[flow][_eq]=${id}`);
		await instance.as(instance.adminToken, `/flows/${id}`, {
			method: 'PATCH',
			body: { operation: at(steps.body, 'data', 0, 'id') },
		});
		await until(async () => {
			const answer = await instance.as(instance.adminToken, '/items/free_items', {
				method: 'POST',
				body: { title: 'clean' },
			});
			return at(answer.body, 'data', 'iss') === 'planted';
		});
	});

	test('a filter that only reads with its payload really changes it', async () => {
		await reset();
		const made = await instance.as(instance.adminToken, '/flows', {
			method: 'POST',
			body: flow('event', filter, step('log', { id: L, options: { message: 'x' } })),
		});
		const reading = { collection: 'free_items', query: { aggregate: '{{$trigger.payload}}' } };
		const entry = await instance.as(instance.adminToken, '/operations', {
			method: 'POST',
			body: { ...step('item-read', { options: reading }), flow: at(made.body, 'data', 'id'), reject: L },
		});
		await instance.as(instance.adminToken, `/flows/${at(made.body, 'data', 'id')}`, {
			method: 'PATCH',
			body: { operation: at(entry.body, 'data', 'id') },
		});
		await until(async () => {
			const answer = await instance.as(instance.adminToken, '/items/free_items', {
				method: 'POST',
				body: { title: 'one, two' },
			});
			const title = at(answer.body, 'data', 'title');
			return typeof title === 'string' && title !== 'one, two';
		});
	});
});
