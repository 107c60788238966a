/** Types of the operations this product brings. They are the only ones that do something beside reading. */
export const OWN_OPERATIONS = { dispatch: 'governed-dispatch', cdcSync: 'governed-cdc-sync' } as const;

/** A row of `directus_operations`, as far as it decides anything. `options` is what Directus stores: an object or JSON text. */
export interface FlowOperation {
	id: string | null;
	key: string;
	type: string;
	options: unknown;
	resolve: string | null;
	reject: string | null;
}

/** A row of `directus_flows` with every operation stored under it: `operations` holds those nobody reaches as well. */
export interface Flow {
	id: string | null;
	status: string | null;
	trigger: string | null;
	accountability: string | null;
	options: unknown;
	operation: string | null;
	operations: readonly FlowOperation[];
}

/** What the applied policy says of flows. */
export interface FlowRules {
	mode: 'enforce' | 'report';
	/** Operation types that only read. */
	helpers: readonly string[];
}

export type FlowFault =
	| 'OPERATION_NOT_ALLOWED'
	| 'SHAPES_MIXED'
	| 'CDC_TRIGGER'
	| 'DISPATCH_MODE'
	| 'FILTER_RETURNS'
	| 'FILTER_HELPER'
	| 'OPTIONS_UNREADABLE';

/** `draft` writes nothing: it is inactive, or holds helpers alone. `operation` is the one at fault, where one is. */
export type FlowShape =
	| { kind: 'dispatch' | 'cdc_sync' | 'draft' }
	| { kind: 'violating'; fault: FlowFault; operation: { key: string; type: string } | null };

/**
 * Helpers a filter flow may hold, if the policy names them too. A filter runs before a write, after guards have looked, and
 * hands the payload itself to its operations: an option that is one whole template is no copy. Left out are
 * `json-web-token`, which with `mutatePayload` writes into the object it signs, `item-read`, whose query splits the values
 * of an `aggregate` in place, `transform`, whose result is what a returning filter puts in the payload's place, and every
 * helper this package does not know. Source: `@directus/api` 12.4 `operations/`, `flows.js`, `utils/sanitize-query.js`.
 */
const SAFE_IN_FILTER: ReadonlySet<string> = new Set(['condition', 'log', 'sleep', 'throw-error']);

const MODES: ReadonlySet<unknown> = new Set(['PLAN_ONLY', 'DRY_RUN']);

/**
 * What a flow is. All its operations count, reachable or not: an edit of one link, or of the entry, reaches them. A forbidden
 * operation is at fault in an inactive flow too, because the database judges each row by itself. Source: DESIGN.md §8.
 */
export function classifyFlow(flow: Flow, { helpers }: Pick<FlowRules, 'helpers'>): FlowShape {
	const isOwn = ({ type }: FlowOperation) => type === OWN_OPERATIONS.dispatch || type === OWN_OPERATIONS.cdcSync;
	const forbidden = flow.operations.find((operation) => !isOwn(operation) && !helpers.includes(operation.type));
	if (forbidden) return violating('OPERATION_NOT_ALLOWED', forbidden);
	if (flow.status !== 'active') return { kind: 'draft' };

	const options = readOptions(flow.options);
	if (options === null) return violating('OPTIONS_UNREADABLE', null);
	const dispatch = flow.operations.filter(({ type }) => type === OWN_OPERATIONS.dispatch);
	const cdc = flow.operations.find(({ type }) => type === OWN_OPERATIONS.cdcSync);
	if (cdc && dispatch.length > 0) return violating('SHAPES_MIXED', cdc);
	if (cdc && !mayWakeCdc(flow.trigger, options)) return violating('CDC_TRIGGER', cdc);
	const unclear = dispatch.find((operation) => !namesMode(operation));
	if (unclear) return violating('DISPATCH_MODE', unclear);
	if (isFilter(flow.trigger, options)) {
		if (options.return) return violating('FILTER_RETURNS', null);
		const unsafe = flow.operations.find((operation) => !isOwn(operation) && !SAFE_IN_FILTER.has(operation.type));
		if (unsafe) return violating('FILTER_HELPER', unsafe);
	}
	if (cdc) return { kind: 'cdc_sync' };
	return { kind: dispatch.length > 0 ? 'dispatch' : 'draft' };
}

/** A flow as it is stored, if it is, and as it would be. */
export interface FlowChange {
	before: Flow | null;
	after: Flow;
}

/**
 * The fault a change is refused for, or null. A flow that violated the policy before it was applied may be renamed, taken
 * apart and switched off, and nothing else about it may change while it violates.
 */
export function faultOfChange(
	rules: FlowRules,
	{ before, after }: FlowChange,
): (FlowShape & { kind: 'violating' }) | null {
	if (rules.mode === 'report') return null;
	const shape = classifyFlow(after, rules);
	if (shape.kind !== 'violating') return null;
	const old = before !== null && classifyFlow(before, rules).kind === 'violating' ? before : null;
	return old !== null && isNoMore(old, after) ? null : shape;
}

function isNoMore(before: Flow, after: Flow): boolean {
	return (
		(after.status !== 'active' || before.status === 'active') &&
		after.trigger === before.trigger &&
		after.accountability === before.accountability &&
		sameOptions(before, after) &&
		keptOrCut(before.operation, after.operation) &&
		after.operations.every((operation) => {
			const old = before.operations.find(({ id }) => id !== null && id === operation.id);
			return (
				old !== undefined &&
				old.type === operation.type &&
				old.key === operation.key &&
				sameOptions(old, operation) &&
				keptOrCut(old.resolve, operation.resolve) &&
				keptOrCut(old.reject, operation.reject)
			);
		})
	);
}

const keptOrCut = (before: string | null, after: string | null): boolean => after === null || after === before;

const sameOptions = (left: { options: unknown }, right: { options: unknown }): boolean =>
	ordered(readOptions(left.options)) === ordered(readOptions(right.options));

/** Text of a JSON value that does not depend on the order of keys. */
function ordered(value: unknown): string {
	return JSON.stringify(value, (_key, part: unknown) =>
		part !== null && typeof part === 'object' && !Array.isArray(part)
			? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
			: part,
	);
}

const isFilter = (trigger: string | null, options: Record<string, unknown>): boolean =>
	trigger === 'event' && options.type === 'filter';

const mayWakeCdc = (trigger: string | null, options: Record<string, unknown>): boolean =>
	trigger === 'schedule' || (trigger === 'event' && options.type === 'action');

/** Written out, so that no payload chooses it. An operation that names none plans only. */
function namesMode({ options }: FlowOperation): boolean {
	const mode = readOptions(options)?.mode;
	return mode === undefined || mode === null || MODES.has(mode);
}

/** Directus parses what it reads once more where it is still text. Null: it is no object after that, and nobody knows. */
function readOptions(options: unknown): Record<string, unknown> | null {
	let value = options;
	for (let depth = 0; depth < 3 && typeof value === 'string'; depth += 1) {
		try {
			value = JSON.parse(value);
		} catch {
			return null;
		}
	}
	if (value === null || value === undefined) return {};
	return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

function violating(fault: FlowFault, operation: FlowOperation | null): FlowShape & { kind: 'violating' } {
	return { kind: 'violating', fault, operation: operation && { key: operation.key, type: operation.type } };
}
