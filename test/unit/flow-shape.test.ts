import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideQuestion } from '../../src/core/decide-question.ts';
import { buildPolicyIndex } from '../../src/core/decide-write.ts';
import {
	classifyFlow,
	type Flow,
	type FlowChange,
	type FlowFault,
	type FlowOperation,
	faultOfChange,
} from '../../src/core/flow-shape.ts';
import { describeFault } from '../../src/core/flow-texts.ts';

const HELPERS = ['condition', 'item-read', 'json-web-token', 'log', 'sleep', 'throw-error', 'transform'];
const RULES = { mode: 'enforce' as const, helpers: HELPERS };

const operation = (type: string, more: Partial<FlowOperation> = {}): FlowOperation => ({
	id: type,
	key: `k_${type}`,
	type,
	options: {},
	resolve: null,
	reject: null,
	...more,
});

const flow = (
	trigger: string | null,
	options: unknown,
	types: (string | FlowOperation)[],
	more: Partial<Flow> = {},
): Flow => ({
	id: 'f',
	status: 'active',
	trigger,
	accountability: 'all',
	options,
	operation: null,
	operations: types.map((type) => (typeof type === 'string' ? operation(type) : type)),
	...more,
});

const action = { type: 'action', scope: ['items.create'], collections: ['source'] };
const filter = { type: 'filter', scope: ['items.create'], collections: ['source'] };
const mode = (value: unknown) => operation('governed-dispatch', { options: { mode: value } });

const GOOD: Record<string, [Flow, 'dispatch' | 'cdc_sync' | 'draft']> = {
	'a sync on an event': [flow('event', action, ['governed-cdc-sync', 'log']), 'cdc_sync'],
	'a sync on a schedule': [flow('schedule', { cron: '* * * * *' }, ['condition', 'governed-cdc-sync']), 'cdc_sync'],
	'a dispatch by webhook': [flow('webhook', { method: 'POST' }, [mode('PLAN_ONLY'), 'transform']), 'dispatch'],
	'a dispatch by hand': [flow('manual', {}, [mode('DRY_RUN')]), 'dispatch'],
	'a dispatch by another flow': [flow('operation', {}, ['governed-dispatch']), 'dispatch'],
	'a dispatch from a filter': [flow('event', filter, ['governed-dispatch']), 'dispatch'],
	'a filter that refuses': [flow('event', filter, ['condition', 'sleep', 'throw-error']), 'draft'],
	'a filter with an empty return': [flow('event', { ...filter, return: '' }, ['log']), 'draft'],
	'a webhook that answers with what it read': [
		flow('webhook', { return: '$last' }, ['item-read', 'transform']),
		'draft',
	],
	'a flow without operations': [flow('webhook', null, []), 'draft'],
	'a flow without a trigger': [flow(null, null, ['log']), 'draft'],
	'an unfinished sync': [
		flow('webhook', {}, ['governed-cdc-sync', 'governed-dispatch'], { status: 'inactive' }),
		'draft',
	],
	'an inactive filter that returns': [
		flow('event', { ...filter, return: '$last' }, ['transform'], { status: 'inactive' }),
		'draft',
	],
};

const BAD: Record<string, [Flow, FlowFault, string | null]> = {
	'a write': [flow('event', action, ['log', 'item-create']), 'OPERATION_NOT_ALLOWED', 'item-create'],
	'a write beside a sync': [
		flow('event', action, ['governed-cdc-sync', 'item-update']),
		'OPERATION_NOT_ALLOWED',
		'item-update',
	],
	'a request back to this API': [
		flow('webhook', {}, ['request', 'governed-dispatch']),
		'OPERATION_NOT_ALLOWED',
		'request',
	],
	'code in an inactive flow': [flow('manual', {}, ['exec'], { status: 'inactive' }), 'OPERATION_NOT_ALLOWED', 'exec'],
	'a call of another flow': [flow('manual', {}, ['trigger']), 'OPERATION_NOT_ALLOWED', 'trigger'],
	'a helper in another case': [flow('manual', {}, ['Log']), 'OPERATION_NOT_ALLOWED', 'Log'],
	'a name with a blank': [flow('manual', {}, ['governed-dispatch ']), 'OPERATION_NOT_ALLOWED', 'governed-dispatch '],
	'a name every object has': [flow('manual', {}, ['constructor']), 'OPERATION_NOT_ALLOWED', 'constructor'],
	'no type': [flow('manual', {}, ['']), 'OPERATION_NOT_ALLOWED', ''],
	'sync and dispatch in one': [
		flow('event', action, ['governed-cdc-sync', mode('PLAN_ONLY')]),
		'SHAPES_MIXED',
		'governed-cdc-sync',
	],
	'a sync by webhook': [flow('webhook', {}, ['governed-cdc-sync']), 'CDC_TRIGGER', 'governed-cdc-sync'],
	'a sync in a filter': [flow('event', filter, ['governed-cdc-sync']), 'CDC_TRIGGER', 'governed-cdc-sync'],
	'a sync on an event of no type': [flow('event', {}, ['governed-cdc-sync']), 'CDC_TRIGGER', 'governed-cdc-sync'],
	'a real run': [flow('webhook', {}, [mode('REAL_RUN')]), 'DISPATCH_MODE', 'governed-dispatch'],
	'a mode the payload chooses': [
		flow('webhook', {}, [mode('{{$trigger.body.mode}}')]),
		'DISPATCH_MODE',
		'governed-dispatch',
	],
	'a mode in a list': [flow('webhook', {}, [mode(['PLAN_ONLY'])]), 'DISPATCH_MODE', 'governed-dispatch'],
	'a second dispatch that runs': [
		flow('webhook', {}, [mode('PLAN_ONLY'), mode('REAL_RUN')]),
		'DISPATCH_MODE',
		'governed-dispatch',
	],
	'a filter that returns what it made': [
		flow('event', { ...filter, return: '$last' }, ['transform']),
		'FILTER_RETURNS',
		null,
	],
	'a filter that returns its trigger': [
		flow('event', { ...filter, return: '$trigger.payload' }, ['log']),
		'FILTER_RETURNS',
		null,
	],
	'the same as text': [flow('event', JSON.stringify({ ...filter, return: '$all' }), []), 'FILTER_RETURNS', null],
	'the same as text within text': [
		flow('event', JSON.stringify(JSON.stringify({ ...filter, return: '$all' })), []),
		'FILTER_RETURNS',
		null,
	],
	'a filter that signs its payload': [flow('event', filter, ['json-web-token']), 'FILTER_HELPER', 'json-web-token'],
	'a filter that reads with its payload': [flow('event', filter, ['item-read']), 'FILTER_HELPER', 'item-read'],
	'a filter that makes data': [flow('event', filter, ['transform']), 'FILTER_HELPER', 'transform'],
	'options that are a list': [flow('event', [], []), 'OPTIONS_UNREADABLE', null],
	'options that are no JSON': [flow('event', '{', []), 'OPTIONS_UNREADABLE', null],
};

describe('classifyFlow', () => {
	test.each(Object.entries(GOOD))('%s', (_, [subject, kind]) => {
		expect(classifyFlow(subject, RULES)).toEqual({ kind });
	});

	test.each(Object.entries(BAD))('%s is refused', (_, [subject, fault, type]) => {
		const shape = classifyFlow(subject, RULES);
		expect(shape).toMatchObject({ kind: 'violating', fault, operation: type === null ? null : { type } });
	});

	test('a helper of the operator may stand anywhere but in a filter', () => {
		const rules = { helpers: [...HELPERS, 'our-lookup'] };
		expect(classifyFlow(flow('manual', {}, ['our-lookup']), rules)).toEqual({ kind: 'draft' });
		expect(classifyFlow(flow('event', filter, ['our-lookup']), rules)).toMatchObject({ fault: 'FILTER_HELPER' });
	});

	test('a fault is told with the operation, cut to a length', () => {
		const shape = classifyFlow(flow('manual', {}, [operation('exec', { key: 'x'.repeat(500) })]), RULES);
		if (shape.kind !== 'violating') throw new Error('violating');
		expect(describeFault(shape)).toMatch(/^operation x{64}… \(exec\) is of a type/);
	});
});

const anyType = fc.oneof(
	fc.constantFrom(...HELPERS, 'governed-dispatch', 'governed-cdc-sync'),
	fc.constantFrom(
		'item-create',
		'item-update',
		'item-delete',
		'exec',
		'request',
		'mail',
		'notification',
		'trigger',
		'Exec',
		'__proto__',
	),
	fc.string(),
);
const anyFlow: fc.Arbitrary<Flow> = fc
	.record({
		trigger: fc.constantFrom('event', 'webhook', 'schedule', 'manual', 'operation', null),
		status: fc.constantFrom('active', 'inactive', 'draft', null),
		options: fc.oneof(
			fc.constantFrom({}, action, filter, { ...filter, return: '$last' }, null),
			fc.json(),
			fc.jsonValue(),
		),
		types: fc.array(anyType, { maxLength: 8 }),
		links: fc.array(fc.nat(7), { minLength: 17, maxLength: 17 }),
	})
	.map(({ trigger, status, options, types, links }) => {
		// Any graph: chains, circles, operations nobody reaches, links to nothing.
		const to = (n: number) => `o${links[n]}`;
		const operations = types.map((type, n) => operation(type, { id: `o${n}`, resolve: to(n), reject: to(n + 8) }));
		return { ...flow(trigger, options, operations), status, operation: to(16) };
	});
const isAllowedType = (type: string) =>
	HELPERS.includes(type) || ['governed-dispatch', 'governed-cdc-sync'].includes(type);

describe('whatever the graph', () => {
	test('no flow that contains a forbidden operation is ever allowed, new or changed, active or not', () => {
		fc.assert(
			fc.property(anyFlow, fc.option(anyFlow), (after, before) => {
				const forbidden = after.operations.some(({ type }) => !isAllowedType(type));
				if (!forbidden) return;
				expect(classifyFlow(after, RULES)).toMatchObject({ kind: 'violating', fault: 'OPERATION_NOT_ALLOWED' });
				if (before === null) expect(faultOfChange(RULES, { before, after })).not.toBeNull();
				const sound = before?.operations.every(({ type }) => isAllowedType(type));
				if (sound) expect(faultOfChange(RULES, { before, after })).not.toBeNull();
			}),
			{ numRuns: 2_000 },
		);
	});

	test('what is allowed holds one own operation at most in kind, and replaces no payload', () => {
		fc.assert(
			fc.property(anyFlow, (subject) => {
				const shape = classifyFlow(subject, RULES);
				if (shape.kind === 'violating' || subject.status !== 'active') return;
				const types = new Set(subject.operations.map(({ type }) => type));
				expect(types.has('governed-dispatch') && types.has('governed-cdc-sync')).toBe(false);
				if (subject.trigger === 'event' && (subject.options as typeof filter | null)?.type === 'filter') {
					expect((subject.options as { return?: unknown }).return).toBeFalsy();
					expect([...types]).not.toEqual(expect.arrayContaining(['transform']));
				}
			}),
			{ numRuns: 2_000 },
		);
	});

	test('a violating flow never changes into another violating one but by losing', () => {
		fc.assert(
			fc.property(anyFlow, anyFlow, (before, after) => {
				if (classifyFlow(after, RULES).kind !== 'violating' || faultOfChange(RULES, { before, after }) !== null) return;
				for (const one of after.operations)
					expect(before.operations).toContainEqual(expect.objectContaining({ id: one.id, type: one.type }));
				expect(after.trigger).toBe(before.trigger);
			}),
			{ numRuns: 2_000 },
		);
	});

	test('report refuses nothing', () => {
		fc.assert(
			fc.property(anyFlow, (after) => {
				expect(faultOfChange({ mode: 'report', helpers: [] }, { before: null, after })).toBeNull();
			}),
		);
	});
});

describe('a flow that violated the policy before it was applied', () => {
	const old = flow('webhook', { a: 1, b: 2 }, [operation('exec', { resolve: 'log' }), 'log'], { operation: 'exec' });
	const [exec, log] = old.operations as [FlowOperation, FlowOperation];
	const refused = (after: Flow) => faultOfChange(RULES, { before: old, after }) !== null;

	test.each<[string, Partial<Flow>]>([
		['as it is', {}],
		['switched off', { status: 'inactive' }],
		['without its code', { operations: [log] }],
		['cut', { operations: [{ ...exec, resolve: null }, log], operation: null }],
		['with options in another order', { options: '{"b": 2, "a": 1}' }],
	])('may be saved %s', (_, change) => {
		expect(refused({ ...old, ...change })).toBe(false);
	});

	test.each<[string, Partial<Flow>]>([
		['with other code', { operations: [{ ...exec, options: { code: 'x' } }, log] }],
		['with another helper', { operations: [exec, log, operation('sleep')] }],
		['with a helper changed', { operations: [exec, { ...log, options: { message: 'x' } }] }],
		['with code that leads elsewhere', { operations: [{ ...exec, reject: 'log' }, log] }],
		['with another trigger', { trigger: 'manual' }],
		['with other options', { options: { a: 1 } }],
		['without its log', { accountability: null }],
		['beginning elsewhere', { operation: 'log' }],
	])('may not be saved %s', (_, change) => {
		expect(refused({ ...old, ...change })).toBe(true);
	});

	test('may not be switched on', () => {
		expect(faultOfChange(RULES, { before: { ...old, status: 'inactive' }, after: old })).not.toBeNull();
	});
});

describe('the decision', () => {
	const index = buildPolicyIndex({
		governed: [{ collection: 'gov', class: 'governed', stewards: [] } as never],
		agents: { roles: [], users: [], surfaces: ['mcp'] },
		write_allowlist: [],
		flows: RULES,
	});
	const changes: FlowChange[] = [{ before: null, after: flow('manual', {}, ['exec']) }];
	const ask = (
		posture: Parameters<typeof decideQuestion>[0],
		kind: 'admin' | 'agent' | 'system',
		about: Parameters<typeof decideQuestion>[1]['about'],
	) =>
		decideQuestion(
			posture,
			{ collection: 'directus_flows', action: 'update', ...(about && { about }) },
			{ kind, user: null, role: null, surface: kind === 'agent' ? 'mcp' : 'rest' },
		);

	test('tells who may not write at all that first, and everybody else the operation', () => {
		const posture = { kind: 'active', index } as const;
		expect(ask(posture, 'admin', { kind: 'flow', changes })).toMatchObject({
			code: 'FLOW_NOT_ALLOWED',
			reason: 'FLOW_SHAPE_NOT_ALLOWED',
			detail: expect.stringContaining('k_exec (exec)'),
		});
		expect(ask(posture, 'agent', { kind: 'flow', changes })).toMatchObject({ code: 'GOVERNED_WRITE_DENIED' });
		expect(ask({ kind: 'hold', known: index }, 'system', { kind: 'flow', changes })).toMatchObject({
			code: 'FLOW_NOT_ALLOWED',
		});
		expect(ask({ kind: 'uninstalled' }, 'admin', { kind: 'flow', changes })).toMatchObject({ kind: 'allowed' });
	});

	test('keeps the audit trail of governed collections and of flows', () => {
		const posture = { kind: 'active', index } as const;
		for (const name of ['gov', 'directus_flows', 'directus_permissions'])
			expect(ask(posture, 'admin', { kind: 'audit', collections: ['open', name] })).toMatchObject({
				code: 'GOVERNED_STRUCTURE_LOCKED',
				reason: 'AUDIT_TRAIL_LOCKED',
				rule: `audit:${name}`,
			});
		expect(ask(posture, 'admin', { kind: 'audit', collections: ['open', 'directus_users'] })).toMatchObject({
			kind: 'allowed',
		});
	});
});
