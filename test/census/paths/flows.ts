import { FLOWS, type FlowName, runFlows } from '../support/fixture-flows.ts';
import { told } from '../support/told.ts';
import type { Actor, CensusPath, Side, Told } from '../support/types.ts';

type Job = Record<string, unknown>;

const PERMISSIONS: Partial<Record<Actor, string>> = {
	'flow-full': '$full',
	'flow-public': '$public',
	'flow-trigger': '$trigger',
};
/** What a job leaves out; a template that finds nothing would be sent as text. */
const NOTHING = { key: null, query: null, payload: null };
const ALL: readonly Actor[] = ['flow-public', 'flow-trigger', 'flow-full'];
const items = { collection: 'gov_items' };
const x = { title: 'attacked' };

const post =
	(path: string, body: unknown) =>
	async (side: Side): Promise<Told> =>
		told(await side.as('public', path, { method: 'POST', body }));

/** How a job gets to the flow of each trigger. */
const SEND: Partial<Record<FlowName, (side: Side, job: Job) => Promise<Told>>> = {
	webhook: (side, job) => post(`/flows/trigger/${FLOWS.webhook}`, job)(side),
	exec: (side, job) => post(`/flows/trigger/${FLOWS.exec}`, job)(side),
	caller: (side, job) => post(`/flows/trigger/${FLOWS.caller}`, job)(side),
	action: (side, job) => post('/items/open_jobs', { job })(side),
	schedule: (side, job) => post('/items/open_jobs', { name: 'schedule', job })(side),
	filter: async (side, job) => {
		const { id } = (await side.admin('/items/open_jobs', { method: 'POST', body: { name: 'later' } })) as {
			id: number;
		};
		return told(await side.as('public', `/items/open_jobs/${id}`, { method: 'PATCH', body: { job } }));
	},
	manual: async (side, job) =>
		told(
			await side.as('editor', `/flows/trigger/${FLOWS.manual}`, {
				method: 'POST',
				body: { collection: 'open_jobs', keys: [], job },
			}),
		),
};

const flow = (trigger: FlowName, id: string, job: Job, more: Partial<CensusPath> = {}): CensusPath => ({
	id: `flows.${trigger}-${id}`,
	surface: 'flows',
	covers: [`flow trigger ${TRIGGERS[trigger] ?? trigger}`, `flow operation ${OPERATIONS[String(job.op)] ?? 'exec'}`],
	actors: ALL,
	layer: 'bundle',
	late: ['action', 'schedule'].includes(trigger),
	arrange: (side) => runFlows(side, trigger === 'caller' ? ['caller', 'operation'] : [trigger]),
	attack: async (side, actor) =>
		(await SEND[trigger]?.(side, { ...NOTHING, permissions: PERMISSIONS[actor], ...job })) ?? { status: 0, text: '' },
	...more,
});

const TRIGGERS: Partial<Record<FlowName, string>> = {
	action: 'event',
	filter: 'event',
	caller: 'operation',
	exec: 'webhook',
};
const OPERATIONS: Record<string, string> = {
	create: 'item-create',
	update: 'item-update',
	delete: 'item-delete',
	request: 'request',
};

const JOBS: Record<string, Job> = {
	create: { op: 'create', ...items, payload: x },
	'create-many': { op: 'create', ...items, payload: [x, x] },
	'update-key': { op: 'update', ...items, key: [1], payload: x },
	'update-query': { op: 'update', ...items, query: { filter: { id: { _eq: 1 } } }, payload: x },
	'update-batch': { op: 'update', ...items, payload: [{ id: 1, ...x }] },
	'update-nested': { op: 'update', collection: 'open_parent', key: [1], payload: { children: [] } },
	'delete-key': { op: 'delete', ...items, key: [4] },
	'delete-query': { op: 'delete', ...items, query: { filter: { id: { _eq: 4 } } } },
};

const METADATA: Record<string, Job> = {
	collections: { op: 'update', collection: 'directus_collections', key: ['gov_struct'], payload: { note: 'attacked' } },
	'collections-delete': { op: 'delete', collection: 'directus_collections', key: ['gov_struct'] },
	fields: {
		op: 'update',
		collection: 'directus_fields',
		query: { filter: { collection: { _eq: 'gov_struct' } } },
		payload: { note: 'attacked' },
	},
	'fields-create': {
		op: 'create',
		collection: 'directus_fields',
		payload: { collection: 'gov_struct', field: 'extra', special: ['alias', 'no-data'] },
	},
	relations: {
		op: 'update',
		collection: 'directus_relations',
		query: { filter: { many_collection: { _eq: 'gov_struct' } } },
		payload: { one_deselect_action: 'delete' },
	},
	'relations-delete': {
		op: 'delete',
		collection: 'directus_relations',
		query: { filter: { many_collection: { _eq: 'gov_struct' } } },
	},
};

const entries = Object.entries(JOBS);

export const FLOW_PATHS: readonly CensusPath[] = [
	...entries.map(([id, job]) => flow('webhook', id, { ...job, emitEvents: false })),
	...entries.map(([id, job]) => flow('webhook', `${id}-events`, { ...job, emitEvents: true })),
	...(['action', 'filter', 'schedule', 'manual', 'caller'] as const).flatMap((trigger) =>
		['create', 'update-key', 'delete-key'].map((id) => flow(trigger, id, { ...JOBS[id], emitEvents: false })),
	),
	flow('exec', 'update-key', { ...JOBS['update-key'], emitEvents: false }),
	...Object.entries(METADATA).map(([id, job]) =>
		flow('webhook', `metadata-${id}`, { ...job, emitEvents: false }, { actors: ['flow-full'] }),
	),
	flow(
		'webhook',
		'request',
		{ op: 'request' },
		{
			actors: ['editor', 'admin', 'agent'],
			attack: (side, actor) =>
				post(`/flows/trigger/${FLOWS.webhook}`, {
					op: 'request',
					url: `${side.instance.url}/items/gov_items/1`,
					method: 'PATCH',
					payload: x,
					token: side.token(actor),
				})(side),
		},
	),
	flow(
		'replace',
		'payload',
		{},
		{
			covers: ['flow trigger event', 'flow operation exec'],
			actors: ['public', 'editor', 'admin', 'agent'],
			attack: async (side, actor) =>
				told(await side.as(actor, '/items/open_parent', { method: 'POST', body: { title: 'harmless' } })),
		},
	),
];
