import type { Side } from './types.ts';

/** Flows by trigger; each reads its job from where the trigger puts it. */
export const FLOWS = {
	webhook: 'f1000000-0000-4000-8000-000000000001',
	action: 'f1000000-0000-4000-8000-000000000002',
	filter: 'f1000000-0000-4000-8000-000000000003',
	schedule: 'f1000000-0000-4000-8000-000000000004',
	manual: 'f1000000-0000-4000-8000-000000000005',
	operation: 'f1000000-0000-4000-8000-000000000006',
	caller: 'f1000000-0000-4000-8000-000000000007',
	replace: 'f1000000-0000-4000-8000-000000000008',
	exec: 'f1000000-0000-4000-8000-000000000009',
} as const;

export type FlowName = keyof typeof FLOWS;

interface Operation {
	key: string;
	type: string;
	options: Record<string, unknown>;
	resolve?: string;
	reject?: string;
}

/** `{op, collection, payload, key, query, permissions, emitEvents, url, method, token}` */
const job = (field: string) => `{{job.${field}}}`;

const isOp = (op: string, reject?: string): Operation => ({
	key: `is_${op}`,
	type: 'condition',
	options: { filter: { job: { op: { _eq: op } } } },
	resolve: `do_${op}`,
	...(reject === undefined ? {} : { reject: `is_${reject}` }),
});

const common = { collection: job('collection'), permissions: job('permissions'), emitEvents: job('emitEvents') };

/** Reads the job from `root`, then does what it says. */
const worker = (root: string): Operation[] => [
	{ key: 'job', type: 'transform', options: { json: `{{${root}}}` }, resolve: 'is_create' },
	isOp('create', 'update'),
	isOp('update', 'delete'),
	isOp('delete', 'request'),
	isOp('request'),
	{ key: 'do_create', type: 'item-create', options: { ...common, payload: job('payload') } },
	{
		key: 'do_update',
		type: 'item-update',
		options: { ...common, key: job('key'), query: job('query'), payload: job('payload') },
	},
	{ key: 'do_delete', type: 'item-delete', options: { ...common, key: job('key'), query: job('query') } },
	{
		key: 'do_request',
		type: 'request',
		options: {
			url: job('url'),
			method: job('method'),
			body: job('payload'),
			headers: [{ header: 'Authorization', value: `Bearer ${job('token')}` }],
		},
	},
];

/** An error itself would arrive empty: Directus clones what it writes. */
const FAILURE = { code: '{{$last.code}}', message: '{{$last.message}}' };

/** The same, for flows nobody waits for: a failed operation leaves its error in an open row. */
const noting = (root: string): Operation[] => {
	const operations = worker(root);
	const doing = operations.filter(({ key }) => key.startsWith('do_'));
	return [
		...operations.map((operation) =>
			doing.includes(operation) ? { ...operation, reject: `note_${operation.key}` } : operation,
		),
		...doing.map(({ key }) => ({
			key: `note_${key}`,
			type: 'item-create',
			options: { collection: 'open_jobs', permissions: '$full', payload: { name: 'outcome', job: FAILURE } },
		})),
	];
};

const EXEC = `module.exports = async (data) => ({ ...data.$trigger.body, payload: { ...data.$trigger.body.payload, note: 'exec' } });`;

/** What a filter flow puts in place of a payload that named no governed table. */
const REPLACED = `module.exports = async () => ({ title: 'replaced', children: { create: [{ title: 'smuggled' }] } });`;

const DEFINITIONS: Record<FlowName, { trigger: string; options: Record<string, unknown>; operations: Operation[] }> = {
	webhook: {
		trigger: 'webhook',
		options: { method: 'POST', return: '$all', error_on_reject: true },
		operations: worker('$trigger.body'),
	},
	action: {
		trigger: 'event',
		options: { type: 'action', scope: ['items.create'], collections: ['open_jobs'] },
		operations: noting('$trigger.payload.job'),
	},
	filter: {
		trigger: 'event',
		options: { type: 'filter', scope: ['items.update'], collections: ['open_jobs'] },
		operations: worker('$trigger.payload.job'),
	},
	schedule: {
		trigger: 'schedule',
		options: { cron: '* * * * * *' },
		operations: [
			{
				key: 'read',
				type: 'item-read',
				options: {
					collection: 'open_jobs',
					permissions: '$full',
					query: { filter: { name: { _eq: 'schedule' } }, limit: 1 },
				},
				resolve: 'job',
			},
			...noting('read[0].job'),
		],
	},
	manual: {
		trigger: 'manual',
		options: { collections: ['open_jobs'], requireSelection: false, error_on_reject: true },
		operations: worker('$trigger.body.job'),
	},
	operation: { trigger: 'operation', options: {}, operations: noting('$trigger') },
	caller: {
		trigger: 'webhook',
		options: { method: 'POST', return: '$all', error_on_reject: true },
		operations: [{ key: 'call', type: 'trigger', options: { flow: FLOWS.operation, payload: '{{$trigger.body}}' } }],
	},
	replace: {
		trigger: 'event',
		options: { type: 'filter', scope: ['items.create'], collections: ['open_parent'], return: '$last' },
		operations: [{ key: 'made', type: 'exec', options: { code: REPLACED } }],
	},
	exec: {
		trigger: 'webhook',
		options: { method: 'POST', return: '$all', error_on_reject: true },
		operations: [{ key: 'made', type: 'exec', options: { code: EXEC }, resolve: 'job' }, ...worker('made')],
	},
};

/** Every flow, none of them active: five may be at a time. */
export async function makeFlows(side: Side): Promise<void> {
	for (const [name, { trigger, options, operations }] of Object.entries(DEFINITIONS)) {
		const flow = FLOWS[name as FlowName];
		const ids = new Map(
			operations.map(({ key }, n) => [key, `${flow.slice(0, -12)}${String(n + 1).padStart(6, '0')}${flow.slice(-6)}`]),
		);
		const body = { id: flow, name, status: 'inactive', trigger, accountability: null, options };
		await side.admin('/flows', { method: 'POST', body });
		const rows = operations.map(({ key, type, options: settings }, n) => ({
			id: ids.get(key),
			flow,
			key,
			name: key,
			type,
			options: settings,
			position_x: 20 * n + 1,
			position_y: 1,
		}));
		await side.admin('/operations', { method: 'POST', body: rows });
		for (const { key, resolve, reject } of operations) {
			const next = {
				...(resolve === undefined ? {} : { resolve: ids.get(resolve) }),
				...(reject === undefined ? {} : { reject: ids.get(reject) }),
			};
			if (Object.keys(next).length > 0) {
				await side.admin(`/operations/${ids.get(key)}`, { method: 'PATCH', body: next });
			}
		}
		await side.admin(`/flows/${flow}`, { method: 'PATCH', body: { operation: ids.get(operations[0]?.key ?? '') } });
	}
}

const active = new WeakMap<Side, Set<FlowName>>();

/** Has exactly these flows running; a flow that runs already is left alone. */
export async function runFlows(side: Side, names: readonly FlowName[]): Promise<void> {
	const running = active.get(side) ?? new Set<FlowName>();
	active.set(side, running);
	const set = async (name: FlowName, status: string) =>
		side.admin(`/flows/${FLOWS[name]}`, { method: 'PATCH', body: { status } });
	for (const name of [...running]) {
		if (names.includes(name)) continue;
		await set(name, 'inactive');
		running.delete(name);
	}
	for (const name of names) {
		if (running.has(name)) continue;
		await set(name, 'active');
		running.add(name);
	}
}

/** Whatever a restored database says, Directus runs what it loaded. */
export function forgetFlows(side: Side): void {
	active.delete(side);
}
