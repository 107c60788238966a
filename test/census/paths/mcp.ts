import { callTool } from '../../e2e/support/surfaces.ts';
import { FLOWS, runFlows } from '../support/fixture-flows.ts';
import { told } from '../support/told.ts';
import type { CensusPath, Told } from '../support/types.ts';

const tool = (
	id: string,
	name: string,
	input: Record<string, unknown>,
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `mcp.${id}`,
	surface: 'mcp',
	covers: [`mcp ${name} ${String(input.action ?? '')}`.trim()],
	actors: ['editor', 'admin', 'agent'],
	layer: 'bundle',
	attack: async (side, actor): Promise<Told> => {
		const answer = await callTool(`${side.instance.url}/mcp`, side.token(actor) ?? '', name, input);
		return { status: answer.isError ? 400 : 200, text: answer.text };
	},
	...more,
});

const x = { title: 'attacked' };
const items = { collection: 'gov_items' };
const struct = 'gov_struct';

/** What an agent would author: a webhook anybody may call that rewrites a governed row. */
const AUTHORED = 'f2000000-0000-4000-8000-000000000001';
const AUTHORED_OPERATION = 'f2000000-0000-4000-8000-000000000002';

export const MCP: readonly CensusPath[] = [
	tool(
		'collections-adopt',
		'collections',
		{ action: 'create', data: [{ collection: 'gov_plain', meta: {} }] },
		{ layer: 'directus' },
	),
	tool('items-create', 'items', { action: 'create', ...items, data: x }),
	tool('items-create-many', 'items', { action: 'create', ...items, data: [x, x] }),
	tool('items-update-keys', 'items', { action: 'update', ...items, keys: [1], data: x }),
	tool('items-update-array', 'items', { action: 'update', ...items, data: [{ id: 1, ...x }] }),
	tool('items-update-query', 'items', { action: 'update', ...items, query: { filter: { id: { _eq: 1 } } }, data: x }),
	tool('items-update-singleton', 'items', { action: 'update', collection: 'gov_single', data: x }),
	tool('items-create-singleton', 'items', { action: 'create', collection: 'gov_single', data: x }),
	tool('items-delete', 'items', { action: 'delete', ...items, keys: [4] }),
	tool('items-nested-delete', 'items', {
		action: 'update',
		collection: 'open_parent',
		keys: [1],
		data: { children: { create: [], update: [], delete: [5] } },
	}),
	tool('items-nested-create', 'items', {
		action: 'update',
		collection: 'open_parent',
		keys: [1],
		data: { children: [5, x] },
	}),
	tool('collections-update', 'collections', {
		action: 'update',
		data: [{ collection: struct, meta: { note: 'attacked' } }],
	}),
	tool('collections-delete', 'collections', { action: 'delete', keys: [struct] }),
	tool('fields-create', 'fields', {
		action: 'create',
		collection: struct,
		data: [{ field: 'extra', type: 'string', schema: {}, meta: {} }],
	}),
	tool('fields-update', 'fields', {
		action: 'update',
		collection: struct,
		data: [{ field: 'note', meta: { note: 'attacked' } }],
	}),
	tool('fields-delete', 'fields', { action: 'delete', collection: struct, field: 'note' }),
	tool('relations-create', 'relations', {
		action: 'create',
		collection: 'open_jobs',
		field: 'number',
		data: { collection: 'open_jobs', field: 'number', related_collection: struct, schema: {}, meta: {} },
	}),
	tool('relations-update', 'relations', {
		action: 'update',
		collection: struct,
		field: 'partner',
		data: {
			collection: struct,
			field: 'partner',
			related_collection: 'gov_items',
			meta: { one_deselect_action: 'delete' },
			schema: null,
		},
	}),
	tool('relations-delete', 'relations', { action: 'delete', collection: struct, field: 'partner' }),
	tool(
		'trigger-flow',
		'trigger-flow',
		{
			id: FLOWS.manual,
			collection: 'open_jobs',
			data: {
				job: { op: 'update', ...items, key: [1], query: null, payload: x, permissions: '$full', emitEvents: false },
			},
		},
		{
			arrange: (side) => runFlows(side, ['manual']),
		},
	),
	tool(
		'flow-authored',
		'flows',
		{ action: 'create' },
		{
			covers: ['mcp flows create', 'mcp operations create', 'mcp flows update'],
			arrange: (side) => runFlows(side, []),
			attack: async (side, actor) => {
				const say = (name: string, input: Record<string, unknown>) =>
					callTool(`${side.instance.url}/mcp`, side.token(actor) ?? '', name, input);
				const flow = await say('flows', {
					action: 'create',
					data: { id: AUTHORED, name: 'authored', status: 'active', trigger: 'webhook', options: { method: 'POST' } },
				});
				const operation = await say('operations', {
					action: 'create',
					data: {
						id: AUTHORED_OPERATION,
						flow: AUTHORED,
						key: 'write',
						type: 'item-update',
						position_x: 1,
						position_y: 1,
						options: { ...items, key: [1], query: null, payload: x, permissions: '$full' },
					},
				});
				const wired = await say('flows', { action: 'update', key: AUTHORED, data: { operation: AUTHORED_OPERATION } });
				const called = told(await side.as('public', `/flows/trigger/${AUTHORED}`, { method: 'POST', body: {} }));
				return { status: called.status, text: [flow.text, operation.text, wired.text, called.text].join('\n') };
			},
			clean: async (side) => {
				await side.as('admin', `/flows/${AUTHORED}`, { method: 'DELETE' });
			},
		},
	),
];
