import type { ProbeResult } from '../../service/guard/runtime.ts';
import type { ExtensionContext, Knex, SchemaOverview } from './directus-types.ts';
import type { DirectusRuntime, ProcessSlot } from './runtime.ts';
import { originalMethod } from './wrap-services.ts';

/** Ends every transaction of a probe, whatever happened in it. */
const ROLLBACK = Symbol('rollback');

const CONFIRMATIONS = 3;
const CONFIRM_AFTER_MS = 1_000;

type CreateOne = (data: object, options?: { emitEvents?: boolean }) => Promise<unknown>;
type ItemsServiceClass = new (collection: string, options: object) => { createOne: CreateOne };

interface Attempt {
	id: string;
	run(service: { createOne: CreateOne }): Promise<unknown>;
}

/**
 * Tries to write to a governed collection in this process: with events, without events, and past the wrapper so that
 * only the hooks can refuse. Each attempt runs in a transaction that is rolled back. The refusal must be this
 * bundle's own, made before any statement; anything else means the guard does not bite, and the instance holds.
 * A probe that is no longer current, because a newer guard has taken over, says nothing.
 */
export async function probeGuard(
	slot: ProcessSlot,
	context: ExtensionContext,
	probing: WeakSet<object>,
	isCurrent: () => boolean,
): Promise<void> {
	const { runtime } = slot;
	const governed = governedCollections(runtime);
	if (governed === null) return;

	const schema = await context.getSchema();
	const collection = governed.find((name) => name in schema.collections);
	const attempt = () => (collection ? attemptAll(slot, context, probing, collection, schema) : notDemonstrated());
	let results = await attempt();

	// Between two loads of the extensions there are no hooks, by Directus's design: only what stays missing counts.
	for (let patience = CONFIRMATIONS; patience > 0 && isCurrent() && onlyHooksFailed(results); patience -= 1) {
		await new Promise((resolve) => setTimeout(resolve, CONFIRM_AFTER_MS).unref());
		results = await attempt();
	}

	if (!isCurrent()) return;

	runtime.recordProbes(results);
	const failed = results.filter(({ result }) => result === 'passed_through');
	runtime.hold(
		'GUARD_NOT_DEMONSTRATED',
		failed.length > 0 ? failed.map(({ id, detail }) => `${id}: ${detail}`).join('; ') : null,
	);
}

function onlyHooksFailed(results: readonly ProbeResult[]): boolean {
	const failed = results.filter(({ result }) => result === 'passed_through');
	return failed.length > 0 && failed.every(({ id }) => id.startsWith('hooks:'));
}

/** Null while nothing is to be guarded: not installed, or no policy was ever verified. */
function governedCollections({ state }: DirectusRuntime): string[] | null {
	const current = state();
	if (current.kind === 'uninstalled' || !current.policy) return null;
	return current.policy.governed.map((entry) => entry.collection);
}

async function attemptAll(
	slot: ProcessSlot,
	context: ExtensionContext,
	probing: WeakSet<object>,
	collection: string,
	schema: SchemaOverview,
): Promise<ProbeResult[]> {
	const ItemsService = context.services.ItemsService as ItemsServiceClass;
	const original = originalMethod(slot, 'ItemsService', 'createOne');
	const results: ProbeResult[] = [];

	const attempts: Attempt[] = [
		{ id: 'wrapper:events-on', run: (service) => service.createOne({}) },
		{ id: 'wrapper:events-off', run: (service) => service.createOne({}, { emitEvents: false }) },
		{ id: 'hooks:events-on', run: (service) => original?.call(service as never, {}) ?? Promise.resolve() },
	];

	for (const { id, run } of attempts) {
		const error = await rolledBack(context.database, (trx) => {
			probing.add(trx);
			return run(new ItemsService(collection, { knex: trx, schema, accountability: null }));
		});

		results.push(judge(id, error));
	}

	return results;
}

/** What `attempt` failed with, or null where it succeeded. Nothing of it stays. */
async function rolledBack(database: Knex, attempt: (trx: Knex) => Promise<unknown>): Promise<unknown> {
	let failure: unknown = null;

	await database
		.transaction(async (trx) => {
			await attempt(trx).catch((error: unknown) => {
				failure = error;
			});

			throw ROLLBACK;
		})
		.catch((error: unknown) => {
			if (error !== ROLLBACK) failure ??= error;
		});

	return failure;
}

function judge(id: string, error: unknown): ProbeResult {
	const at = new Date().toISOString();
	const { code, extensions } = (error ?? {}) as { code?: unknown; extensions?: { reason?: unknown } };
	const reason = extensions?.reason;

	if (error === null) return { id, result: 'passed_through', detail: 'a governed write was not refused', at };

	const own = reason === 'NOT_IN_WRITE_ALLOWLIST' || (code === 'GOVERNANCE_HOLD' && reason === 'POLICY_NOT_VERIFIED');
	if (own) return { id, result: 'refused', detail: String(reason), at };
	return { id, result: 'passed_through', detail: `refused by something else (${String(code ?? 'error')})`, at };
}

function notDemonstrated(): ProbeResult[] {
	const detail = 'Directus knows no governed collection to try';
	return [{ id: 'wrapper', result: 'not_demonstrated', detail, at: new Date().toISOString() }];
}
