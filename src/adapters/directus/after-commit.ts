import type { Knex, WritingService } from './directus-types.ts';

/** An action event as Directus's services hand it up, to be emitted by whoever began the transaction. */
export type ActionEvent = Record<string, unknown>;

type CreateMany = (this: unknown, data: readonly ActionEvent[], options: object) => Promise<unknown>;

/** What waits for one transaction: events and a cache purge, told once, after its commit. */
export interface Commit {
	emit(trx: Knex, event: ActionEvent): void;
	purge(service: WritingService): void;
	/** Resolves when everything was told, or the transaction was rolled back. Never rejects. */
	readonly told: Promise<void>;
}

const waiting = new WeakMap<Knex, Commit>();
const rolledBack = new WeakSet<Knex>();

/**
 * What waits for the outermost transaction round `trx`. Directus emits before the commit in `updateBatch`, `upsertMany` and
 * imports, and purges its cache row by row there; a governed write is told when it stands.
 */
export function commitOf(trx: Knex, createMany: CreateMany, failed: (error: unknown) => void): Commit {
	const root = watched(trx);
	const known = waiting.get(root);
	if (known) return known;

	const events: { trx: Knex; event: ActionEvent }[] = [];
	const services = new Map<string, WritingService>();
	const told = Promise.resolve(root.executionPromise).then(
		async () => {
			if (rolledBack.has(root)) return;
			const standing = events.filter(({ trx: own }) => chainOf(own).every((each) => !rolledBack.has(each)));
			await tell(
				createMany,
				standing.map(({ event }) => event),
				[...services.values()],
			).catch(failed);
		},
		() => undefined,
	);
	const commit: Commit = {
		told,
		emit: (own, event) => events.push({ trx: own, event }),
		purge: (service) => services.set(service.collection ?? '', service),
	};
	waiting.set(root, commit);
	return commit;
}

/**
 * Extensions are not given Directus's emitter, nor its rule of when to purge. `createMany` has both: it emits what the service
 * it forks hands up, and then clears the cache if this collection asks for it.
 */
export async function tell(
	createMany: CreateMany,
	events: readonly ActionEvent[],
	services: readonly WritingService[],
): Promise<void> {
	let cleared = false;
	const [first] = services;
	const onceFor = (service: WritingService | undefined) => ({
		clear: async () => {
			if (cleared) return;
			cleared = true;
			await service?.cache?.clear();
		},
	});
	const through = (collection: string, cache: object | null, data: readonly ActionEvent[]) =>
		createMany.call(
			{
				collection,
				cache,
				schema: { collections: { [collection]: { primary: '' } } },
				knex: { isTransaction: true },
				fork: () => ({
					createOne: async (event: ActionEvent, options: { bypassEmitAction(event: ActionEvent): void }) =>
						options.bypassEmitAction(event),
				}),
			},
			data,
			{},
		);

	await through(first?.collection ?? 'governed_dispatch', first?.cache ? onceFor(first) : null, events);
	for (const service of services.slice(1)) {
		if (service.cache) await through(service.collection ?? '', onceFor(service), []);
	}
}

/** The outermost transaction; every rollback on the way there is noticed from now on. */
function watched(trx: Knex): Knex {
	const chain = chainOf(trx);
	for (const each of chain) {
		if (!each.rollback || rollbacks.has(each)) continue;
		rollbacks.add(each);
		const rollback = each.rollback;
		each.rollback = (error) => {
			rolledBack.add(each);
			return rollback(error);
		};
	}
	return chain.at(-1) ?? trx;
}

const rollbacks = new WeakSet<Knex>();

function chainOf(trx: Knex): Knex[] {
	return trx.parentTransaction ? [trx, ...chainOf(trx.parentTransaction)] : [trx];
}
