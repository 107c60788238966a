import { randomUUID } from 'node:crypto';
import type { RefusalFacts, WriteRefusal } from '../../service/guard/refusal.ts';
import { recordedRefusal } from '../../service/guard/refusal.ts';
import type { WriteGuard } from '../../service/guard/write-guard.ts';
import { becomeDirectusError } from './errors.ts';
import { readDatabaseRefusal } from './refused-by-database.ts';

interface Statement {
	sql?: string;
	method?: string;
}

/** One formatted error of an answer, as the `request.error` filter sees it. */
interface FormattedError {
	message: string;
	extensions: Record<string, unknown>;
}

/** The one place where a refusal inside PostgreSQL takes the shape of ours. */
export interface DatabaseRefusals {
	/** Listener of knex's `query-error`, which knex emits before it rejects: sees INSERT, UPDATE, DELETE, sort, DDL. */
	onQueryError(error: unknown, statement: Statement): void;
	/** Resolves once the entry of this error is durable, or the error says that it is not. */
	evidenceOf(error: unknown): Promise<unknown> | undefined;
	/** Waits for the entries of all errors in an answer, and corrects those that were not written. */
	settleAnswer(errors: unknown): Promise<unknown>;
}

/**
 * An error has to change its shape at once, inside a synchronous listener, so its entry is named before it is written;
 * whoever answers waits for it. Who asked is not known here: the statement carries no accountability.
 */
export function createDatabaseRefusals(guard: WriteGuard): DatabaseRefusals {
	const byError = new WeakMap<object, Promise<WriteRefusal>>();
	const byId = new Map<string, Promise<WriteRefusal>>();

	function refuse(error: object, facts: RefusalFacts, sqlstate: string): void {
		const evidenceId = randomUUID();
		becomeDirectusError(error, recordedRefusal(facts, evidenceId));

		const written = guard
			.refuse(facts, guard.principalOf(null), { surface: 'db', sqlstate, evidenceId })
			.then((refusal) => {
				if (refusal.evidence === null) becomeDirectusError(error, refusal);
				return refusal;
			});

		byError.set(error, written);
		byId.set(evidenceId, written);
		// Long enough for the answer of this request to look; a later look finds the truth on the error itself.
		void written.finally(() => setTimeout(() => byId.delete(evidenceId), 60_000).unref());
	}

	async function settle(error: unknown): Promise<unknown> {
		const { extensions } = (error ?? {}) as Partial<FormattedError>;
		const id = (extensions?.evidence as { id?: unknown } | null | undefined)?.id;
		const refusal = typeof id === 'string' ? await byId.get(id) : undefined;
		return refusal?.evidence === null ? formatted(refusal) : error;
	}

	return {
		onQueryError(error, statement) {
			const refusal = readDatabaseRefusal(error, statement, guard.isGoverned);
			if (!refusal) return;
			const { code, collection, action, sqlstate } = refusal;
			refuse(
				error as object,
				{ code, reason: 'REFUSED_BY_DATABASE', collection, action, rule: `database:${sqlstate}` },
				sqlstate,
			);
		},
		evidenceOf: (error) => (typeof error === 'object' && error !== null ? byError.get(error) : undefined),
		settleAnswer: async (errors) => (Array.isArray(errors) ? Promise.all(errors.map(settle)) : errors),
	};
}

function formatted(refusal: WriteRefusal): FormattedError {
	const shape: Partial<FormattedError> & { code?: string; status?: number } = {};
	becomeDirectusError(shape, refusal);
	const { message = '', extensions = {} } = shape;
	return { message, extensions: { ...extensions, code: refusal.code } };
}
