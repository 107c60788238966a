import { randomUUID } from 'node:crypto';
import type { WriteAction } from '../../core/decide-write.ts';
import type { WritePrincipal } from '../../core/principal.ts';
import { type ActionEvent, type Commit, commitOf } from './after-commit.ts';
import type { Knex, WritingService } from './directus-types.ts';

type Method = (this: WritingService, ...args: unknown[]) => Promise<unknown>;

/** A call of a wrapped method that is a steward's write, or a batch of them. */
export interface StewardCall {
	method: string;
	service: WritingService;
	args: readonly unknown[];
	original: Method;
	/** Names of the steward rules that allow it. */
	rules: readonly string[];
	principal: WritePrincipal;
}

export interface StewardParts {
	/** `ItemsService.createMany` as Directus made it. */
	createMany: Method;
	/** Told when events or a purge could not be told after a commit. */
	wrapperFailed(error: unknown): void;
	/** Turns a permit that could not be taken into the refusal to throw. */
	permitFailed(call: StewardCall, error: unknown): Promise<Error>;
}

/** Methods whose own statement needs a permit. Everything else that Directus's `ItemsService` writes ends in these. */
const ACTIONS: Readonly<Record<string, WriteAction>> = {
	createOne: 'create',
	updateMany: 'update',
	deleteMany: 'delete',
};

/** Directus tries a transaction again that lost a deadlock; so does this, which now begins it. */
const RETRIES_MS = [100, 200, 400];

/**
 * Runs a steward's write with its filters, its permit and its statement in one transaction: Directus fires the filters of a
 * top-level update or delete before it begins one, and a permit taken there would be somebody else's to use.
 */
export async function writeAsSteward(call: StewardCall, parts: StewardParts): Promise<unknown> {
	const { service } = call;
	const knex = service.knex;
	if (!knex) throw new Error('governed-dispatch: a service without a database connection');
	if (knex.isTransaction) return within(knex, call, parts);

	for (const wait of [...RETRIES_MS, null]) {
		let commit: Commit | undefined;
		try {
			const result = await knex.transaction((trx) => {
				commit = commitOf(trx, parts.createMany as never, parts.wrapperFailed);
				return within(trx, { ...call, service: bound(service, trx) }, parts);
			});
			await commit?.told;
			return result;
		} catch (error) {
			if (wait === null || (error as { code?: unknown } | null)?.code !== '40P01') throw error;
			await new Promise((resolve) => setTimeout(resolve, wait));
		}
	}
	return undefined;
}

/** The same service, subclass and all, on another connection. */
function bound(service: WritingService, trx: Knex): WritingService {
	return Object.create(service, { knex: { value: trx } }) as WritingService;
}

async function within(trx: Knex, call: StewardCall, parts: StewardParts): Promise<unknown> {
	const { method, service, args, original } = call;
	const commit = commitOf(trx, parts.createMany as never, parts.wrapperFailed);
	const position = method === 'updateMany' ? 2 : 1;
	const options = (args[position] ?? {}) as { autoPurgeCache?: boolean };
	const told = {
		...options,
		autoPurgeCache: false,
		bypassEmitAction: (event: ActionEvent) => commit.emit(trx, event),
	};
	if (options.autoPurgeCache !== false) commit.purge(service);

	if (ACTIONS[method]) {
		await takePermit(trx, call, ACTIONS[method]).catch(async (error: unknown) => {
			throw await parts.permitFailed(call, error);
		});
	}
	const withOptions = [...args];
	withOptions[position] = told;
	return original.apply(service, withOptions);
}

async function takePermit(
	trx: Knex,
	{ service, args, rules, principal }: StewardCall,
	action: WriteAction,
): Promise<void> {
	const { kind, user, role, surface } = principal;
	const keys = action === 'create' ? null : keysOf(service, args[0]);
	await trx.raw('select governance.take_permit(?, ?, ?::text[], ?::text[], ?, ?, ?::jsonb)', [
		service.collection,
		action,
		rules,
		keys,
		action === 'create' ? 1 : null,
		randomUUID(),
		JSON.stringify({ kind, user, role, surface }),
	]);
}

/** Keys as PostgreSQL prints them: Directus takes `"007"` for a number and a uuid in capitals. */
function keysOf({ collection = '', schema }: WritingService, keys: unknown): string[] {
	const described = schema?.collections[collection];
	const type = described?.fields?.[described.primary]?.type;
	return (Array.isArray(keys) ? keys : [keys]).map((key) => {
		const text = String(key);
		if (type === 'uuid') return text.toLowerCase();
		return (type === 'integer' || type === 'bigInteger') && /^\s*[-+]?\d+\s*$/.test(text)
			? BigInt(text.trim().replace(/^\+/, '')).toString()
			: text;
	});
}
