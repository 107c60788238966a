import type { PolicyDocument } from '../../contracts/policy.ts';
import { tell } from './after-commit.ts';
import type { ExtensionContext, HookRegister, Knex, SchemaOverview, WritingService } from './directus-types.ts';
import { currentGuard } from './process-keys.ts';
import type { ProcessSlot } from './runtime.ts';
import { writeAsSteward } from './steward-writes.ts';
import { originalMethod, stewardParts } from './wrap-services.ts';

/** Ends the probe's transaction, whatever happened in it. */
const ROLLBACK = new Error('the probe is rolled back');
const EVENT = 'governed-dispatch.probe';
const PROBE = 'stewards:way';
const CONFIRMATIONS = 3;
const CONFIRM_AFTER_MS = 1_000;

/** Transactions of this probe, and whether a filter was seen inside. */
export type StewardProbes = WeakMap<object, { filtersInside: boolean }>;

type ItemsServiceClass = new (collection: string, options: object) => WritingService;

interface Target {
	collection: string;
	rule: string;
	/** A column to update; null where the rule only deletes. */
	column: string | null;
}

/**
 * Really goes a steward's way through this Directus, for a row that does not exist, and rolls it back: were the filters inside the
 * transaction, was a permit taken and spent, did no event come before a commit, and does one come after it, once? Otherwise
 * the instance holds: the database would refuse every steward, or, with filters outside, a filter could change its mind.
 */
export async function probeStewards(
	slot: ProcessSlot,
	context: ExtensionContext,
	probes: StewardProbes,
	isCurrent: () => boolean,
): Promise<void> {
	const state = slot.runtime.state();
	const policy = state.kind === 'uninstalled' ? undefined : state.policy;
	const schema = await context.getSchema();
	const target = policy && targetOf(policy, schema);
	let faults = target ? await faultsOf(slot, context, schema, target, probes) : [];

	// Between two loads of the extensions there are no filters, by Directus's design: only what stays missing counts.
	for (let patience = CONFIRMATIONS; patience > 0 && target && faults.length > 0 && isCurrent(); patience -= 1) {
		await new Promise((resolve) => setTimeout(resolve, CONFIRM_AFTER_MS).unref());
		faults = await faultsOf(slot, context, schema, target, probes);
	}
	if (!isCurrent()) return;

	slot.runtime.hold('STEWARD_WRAPPER_BROKEN', faults.length > 0 ? faults.join('; ') : null);
	if (!target) return;
	const detail = faults.join('; ') || 'filters, permit and statement share one transaction';
	const result = faults.length > 0 ? 'passed_through' : 'refused';
	const others = slot.runtime.probes().filter(({ id }) => id !== PROBE);
	slot.runtime.recordProbes([...others, { id: PROBE, result, detail, at: new Date().toISOString() }]);
}

async function faultsOf(
	slot: ProcessSlot,
	context: ExtensionContext,
	schema: SchemaOverview,
	target: Target,
	probes: StewardProbes,
): Promise<string[]> {
	return [...(await wayFaults(slot, context, schema, target, probes)), ...(await eventFaults(slot))];
}

function targetOf({ governed }: PolicyDocument, schema: SchemaOverview): Target | undefined {
	for (const { collection, stewards } of governed) {
		const known = schema.collections[collection];
		for (const { name, actions, fields } of known ? stewards : []) {
			const columns = Object.keys(known?.fields ?? {}).filter(
				(column) => column !== known?.primary && known?.fields?.[column]?.alias !== true,
			);
			const column = columns.find((each) => fields === '*' || fields.includes(each)) ?? null;
			if (actions.includes('update') && column !== null) return { collection, rule: name, column };
			if (actions.includes('delete')) return { collection, rule: name, column: null };
		}
	}
	return undefined;
}

async function wayFaults(
	slot: ProcessSlot,
	context: ExtensionContext,
	schema: SchemaOverview,
	{ collection, rule, column }: Target,
	probes: StewardProbes,
): Promise<string[]> {
	const method = column === null ? 'deleteMany' : 'updateMany';
	const original = originalMethod(slot, 'ItemsService', method);
	const guard = currentGuard(slot);
	if (!original || !guard) return [`this Directus lacks ItemsService.${method}`];

	const seen = { filtersInside: false, spent: false };
	const ItemsService = context.services.ItemsService as ItemsServiceClass;
	const knex = rolledBack(context.database, async (trx, work) => {
		probes.set(trx, seen);
		await work(trx);
		const { rows } = await trx.raw('select governance.permit_spent(?, ?) as spent', [
			collection,
			column === null ? 'DELETE' : 'UPDATE',
		]);
		seen.spent = rows[0]?.spent === true;
	});
	const described = schema.collections[collection];
	const numeric = ['integer', 'bigInteger'].includes(described?.fields?.[described.primary]?.type ?? '');
	const keys = [numeric ? -1 : '00000000-0000-4000-8000-000000000000'];
	const error = await writeAsSteward(
		{
			method,
			service: new ItemsService(collection, { knex, schema, accountability: null }),
			args: column === null ? [keys] : [keys, { [column]: null }],
			original,
			rules: [rule],
			principal: { kind: 'system', user: null, role: null, surface: 'system' },
		},
		stewardParts(slot, guard),
	).then(
		() => undefined,
		(reason: unknown) => reason,
	);
	return [
		...(error === ROLLBACK
			? []
			: [`the write failed: ${error instanceof Error ? error.message : 'it was not rolled back'}`]),
		...(seen.filtersInside ? [] : ['filters did not run inside the writing transaction']),
		...(seen.spent ? [] : ['no permit was spent']),
	];
}

/** A connection whose one transaction is always rolled back. */
function rolledBack(database: Knex, around: (trx: Knex, work: (trx: Knex) => Promise<unknown>) => Promise<void>): Knex {
	const transaction = (work: (trx: Knex) => Promise<unknown>) =>
		database.transaction(async (trx) => {
			await around(trx, work);
			throw ROLLBACK;
		});
	return Object.create(database, { transaction: { value: transaction } }) as Knex;
}

let heard = 0;

/** Listens for the probe's own event; once per load of the extension, as Directus forgets listeners with it. */
export function listenForProbe(register: HookRegister): void {
	register.action(EVENT, () => {
		heard += 1;
	});
}

async function eventFaults(slot: ProcessSlot): Promise<string[]> {
	const createMany = originalMethod(slot, 'ItemsService', 'createMany');
	if (!createMany) return ['this Directus lacks ItemsService.createMany'];
	const before = heard;
	const failure = await tell(createMany as never, [{ event: EVENT, meta: {}, context: null }], []).then(
		() => null,
		(error: unknown) => (error instanceof Error ? error.message : 'it failed'),
	);
	await new Promise((resolve) => setImmediate(resolve));
	if (failure !== null) return [`events after a commit: ${failure}`];
	return heard - before === 1 ? [] : [`an event after a commit was told ${heard - before} times`];
}
