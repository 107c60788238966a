import { nextStepForWrite } from '../../core/next-step.ts';
import type { RefusalFacts } from '../../service/guard/refusal.ts';
import type { Runtime } from '../../service/guard/runtime.ts';
import type { RefusedDecision, WriteGuard, WriteSubject } from '../../service/guard/write-guard.ts';
import type { Accountability, Knex, WritingService } from './directus-types.ts';
import { directusError } from './errors.ts';
import { factsOf } from './surface.ts';
import { WRITE_ASKS, type WriteAsk } from './write-asks.ts';

/** What a wrapped method asks before it runs, and what it does with a failure. */
export interface InProcessGuard {
	/** Undefined lets the call through at once; a promise that resolves, after waiting; one that rejects is the refusal. */
	before(
		className: string,
		method: string,
		service: WritingService,
		args: readonly unknown[],
	): Promise<void> | undefined;
	/** The same question for a write seen by an event. */
	check(ask: WriteAsk, accountability: Accountability | null, database: Knex | undefined): Promise<void> | undefined;
	/** Waits for the evidence of a refusal by the database, then throws what came in. */
	failed(error: unknown): Promise<never>;
	dispose(): void;
}

export interface GuardParts {
	runtime: Pick<Runtime, 'ready'>;
	guard: WriteGuard;
	/** Transactions of the boot probe: refused like any other, without an entry of its own in the log. */
	probing: WeakSet<object>;
	evidenceOf(error: unknown): Promise<unknown> | undefined;
}

export function createInProcessGuard({ runtime, guard, probing, evidenceOf }: GuardParts): InProcessGuard {
	function check(
		ask: WriteAsk,
		accountability: Accountability | null,
		database: Knex | undefined,
	): Promise<void> | undefined {
		return guard.isLoaded()
			? look(ask, accountability, database)
			: runtime.ready().then(() => look(ask, accountability, database));
	}

	function look(
		ask: WriteAsk,
		accountability: Accountability | null,
		database: Knex | undefined,
	): Promise<void> | undefined {
		const about = ask.about?.();
		if (!(about instanceof Promise)) return decide(ask, accountability, database, about);
		return about.then((subject) => decide(ask, accountability, database, subject));
	}

	function decide(
		ask: WriteAsk,
		accountability: Accountability | null,
		database: Knex | undefined,
		about: WriteSubject | undefined,
	): Promise<void> | undefined {
		const { collection, action } = ask;
		const principal = guard.principalOf(factsOf(accountability));
		const fields = principal.kind === 'agent' && ask.payload ? fieldNames(ask.payload) : undefined;
		const decision = guard.decide(
			{ collection, action, ...(fields && { fields }), ...(about && { about }) },
			principal,
		);
		if (decision.kind === 'allowed') return undefined;

		const facts = refusalFacts(ask, about, decision);
		if (database && probing.has(database)) return Promise.reject(probeRefusal(facts));
		return guard
			.refuse(facts, principal, fields ? { fields } : {})
			.then((refusal) => Promise.reject(directusError(refusal)));
	}

	return {
		check,
		before(className, method, service, args) {
			const ask = WRITE_ASKS[className]?.[method]?.(service, args);
			if (!ask) return undefined;
			const accountability = service.accountability ?? null;
			if (!Array.isArray(ask)) return check(ask, accountability, service.knex);
			const waits = ask.map((each) => check(each, accountability, service.knex)).filter((wait) => wait !== undefined);
			return waits.length > 0 ? Promise.all(waits).then(() => undefined) : undefined;
		},
		async failed(error) {
			await evidenceOf(error);
			throw error;
		},
		dispose: guard.dispose,
	};
}

/** A change of structure is told by the collection it is about: nobody asked to write to `directus_fields`. */
function refusalFacts(
	ask: WriteAsk,
	about: WriteSubject | undefined,
	{ code, reason, rule, detail }: RefusedDecision,
): RefusalFacts {
	const locked =
		rule.startsWith('governed:') && about?.kind === 'structure' ? rule.slice('governed:'.length) : ask.collection;
	return { code, reason, collection: locked, action: ask.action, rule, ...(detail !== undefined && { detail }) };
}

function probeRefusal(facts: RefusalFacts): Error {
	return directusError({ ...facts, evidence: null, next: nextStepForWrite(facts.reason) });
}

function fieldNames(payload: unknown): string[] {
	if (!Array.isArray(payload)) return Object.keys(payload as object);
	return [...new Set(payload.flatMap((item) => (item ? Object.keys(item as object) : [])))];
}
