import type { WriteAction } from '../../core/decide-write.ts';
import type { Flow, FlowChange, FlowOperation } from '../../core/flow-shape.ts';
import type { WriteSubject } from '../../service/guard/write-guard.ts';
import type { Knex, WritingService } from './directus-types.ts';
import { uuidsIn } from './keys.ts';

type Row = Record<string, unknown>;

/** Operations nested deeper than any flow a person draws; beyond it each is still judged when it is written itself. */
const MAX_DEPTH = 100;

/**
 * The flows a write would leave behind, with what was stored before. Read in the writer's own transaction. Operations
 * nested in a flow are judged with it and once more when Directus writes each.
 */
export async function flowChanges(
	service: WritingService,
	collection: string,
	action: WriteAction,
	keys: readonly unknown[],
	payload: unknown,
): Promise<WriteSubject | undefined> {
	// Taking apart is always lawful.
	if (action === 'delete' || !service.knex) return undefined;
	const data = asRow(payload) ?? {};
	const changes =
		collection === 'directus_flows'
			? await changesOfFlows(service.knex, action, keys, data)
			: await changesOfOperations(service.knex, action, keys, data);
	return { kind: 'flow', changes };
}

export function isFlowTable(collection: string): boolean {
	return collection === 'directus_flows' || collection === 'directus_operations';
}

async function changesOfFlows(
	knex: Knex,
	action: WriteAction,
	keys: readonly unknown[],
	data: Row,
): Promise<FlowChange[]> {
	if (action === 'create') return [{ before: null, after: withPayload(emptyFlow(), data) }];
	const stored = await storedFlows(knex, keys);
	return stored.map((before) => ({ before, after: withPayload(before, data) }));
}

async function changesOfOperations(
	knex: Knex,
	action: WriteAction,
	keys: readonly unknown[],
	data: Row,
): Promise<FlowChange[]> {
	const old =
		action === 'create' ? [] : await knex.select('*').from('directus_operations').whereIn('id', uuidsIn(keys));
	const rows = action === 'create' ? [data] : old.map((row) => ({ ...row, ...data }));
	const nested = nestedOperations(data.resolve).concat(nestedOperations(data.reject));
	const changes: FlowChange[] = [];

	for (const id of new Set(rows.map(({ flow }) => idOf(flow)))) {
		const [before] = id === null ? [] : await storedFlows(knex, [id]);
		// A flow made in the same breath is not there yet, or is nested in the operation itself: its shape is judged on its own.
		const base = before ?? withPayload({ ...emptyFlow(), status: 'inactive' }, asRow(data.flow) ?? {});
		const written = rows.filter((row) => idOf(row.flow) === id).map(operationOf);
		const rewritten = new Set(written.map((operation) => operation.id));
		const kept = base.operations.filter((operation) => operation.id === null || !rewritten.has(operation.id));
		changes.push({ before: before ?? null, after: { ...base, operations: [...kept, ...written, ...nested] } });
	}

	return changes;
}

async function storedFlows(knex: Knex, keys: readonly unknown[]): Promise<Flow[]> {
	const ids = uuidsIn(keys);
	if (ids.length === 0) return [];
	const flows = await knex.select('*').from('directus_flows').whereIn('id', ids);
	const operations = await knex.select('*').from('directus_operations').whereIn('flow', ids);
	return flows.map((row) => ({
		...flowOf(row),
		operations: operations.filter(({ flow }) => flow === row.id).map(operationOf),
	}));
}

/** What Directus and PostgreSQL fill in for a flow of which nothing is said. */
const emptyFlow = (): Flow => ({ ...flowOf({}), status: 'active', accountability: 'all' });

function withPayload(flow: Flow, data: Row): Flow {
	const row = { ...flow, ...data };
	const operations = withNested(flow.operations, data.operations).concat(nestedOperations(data.operation));
	return { ...flowOf(row), operations };
}

/** The two notations of nested writes: a list replaces what is there, `{create, update, delete}` changes it. */
function withNested(stored: readonly FlowOperation[], nested: unknown): FlowOperation[] {
	if (Array.isArray(nested)) return nested.flatMap((entry) => mergedOrKept(stored, entry));
	const changes = asRow(nested);
	if (changes === null) return [...stored];

	const deleted = new Set(listIn(changes.delete).map(idOf));
	const touched = listIn(changes.update).concat(listIn(changes.create));
	const named = new Set(touched.map(idOf));
	const kept = stored.filter(({ id }) => id === null || (!deleted.has(id) && !named.has(id)));
	return [...kept, ...touched.flatMap((entry) => mergedOrKept(stored, entry))];
}

function mergedOrKept(stored: readonly FlowOperation[], entry: unknown): FlowOperation[] {
	const old = stored.find(({ id }) => id !== null && id === idOf(entry));
	const row = asRow(entry);
	if (row === null) return old ? [old] : [];
	// One of another flow that is moved here: its type is judged when Directus writes it.
	if (!old && row.id !== undefined && row.type === undefined) return [];
	return [operationOf({ ...old, ...row }), ...nestedOperations(row.resolve), ...nestedOperations(row.reject)];
}

/** Operations written down inside `operation`, `resolve` or `reject`. */
function nestedOperations(value: unknown, depth = 0): FlowOperation[] {
	const row = asRow(value);
	if (row === null || depth > MAX_DEPTH) return [];
	const own = typeof row.type === 'string' ? [operationOf(row)] : [];
	return [...own, ...nestedOperations(row.resolve, depth + 1), ...nestedOperations(row.reject, depth + 1)];
}

function flowOf(row: Row): Flow {
	return {
		id: textOf(row.id),
		status: textOf(row.status),
		trigger: textOf(row.trigger),
		accountability: textOf(row.accountability),
		options: row.options ?? null,
		operation: idOf(row.operation),
		operations: [],
	};
}

function operationOf(row: Row): FlowOperation {
	return {
		id: textOf(row.id),
		key: textOf(row.key) ?? '',
		type: textOf(row.type) ?? '',
		options: row.options ?? null,
		resolve: idOf(row.resolve),
		reject: idOf(row.reject),
	};
}

const asRow = (value: unknown): Row | null =>
	value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Row) : null;

const textOf = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));

/** A relation is written as a key, or as an object that may hold one. */
const idOf = (value: unknown): string | null => textOf(asRow(value) === null ? value : asRow(value)?.id);

const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
