import { nextStepForWrite } from '../../core/next-step.ts';
import type { WritePrincipal } from '../../core/principal.ts';
import type { RefusalFacts } from '../../service/guard/refusal.ts';
import type { Runtime } from '../../service/guard/runtime.ts';
import type { RefusedDecision, WriteGuard, WriteSubject } from '../../service/guard/write-guard.ts';
import type { Accountability, Knex, WritingService } from './directus-types.ts';
import { directusError } from './errors.ts';
import { heldPolicies } from './held-policies.ts';
import { writtenFields } from './steward-fields.ts';
import type { StewardCall } from './steward-writes.ts';
import { factsOf } from './surface.ts';
import { WRITE_ASKS, type WriteAsk } from './write-asks.ts';

/** What a wrapped method asks before it runs, and what it does with a failure. */
export interface InProcessGuard {
	/**
	 * Undefined lets the call through at once; a promise that resolves, after waiting, with the rules and the principal of a
	 * steward if it is one; one that rejects is the refusal.
	 */
	before(className: string, method: string, service: WritingService, args: readonly unknown[]): Permission;
	/** The same question for a write seen by an event. */
	check(ask: WriteAsk, accountability: Accountability | null, database: Knex | undefined): Permission;
	/** Waits for the evidence of a refusal by the database, then throws what came in. */
	failed(error: unknown): Promise<never>;
	/** What a permit that was not taken is refused with. */
	permitFailed(call: StewardCall, error: unknown): Promise<Error>;
	dispose(): void;
}

export interface Steward {
	rules: readonly string[];
	principal: WritePrincipal;
}

type Permission = Promise<Steward | undefined> | undefined;

export interface GuardParts {
	runtime: Pick<Runtime, 'ready'>;
	guard: WriteGuard;
	/** Transactions of the boot probe: refused like any other, without an entry of its own in the log. */
	probing: WeakSet<object>;
	/** Transactions of the probe of stewards, which are rolled back: a filter that fires inside one is noticed, and passes. */
	stewardProbes: WeakMap<object, { filtersInside: boolean }>;
	evidenceOf(error: unknown): Promise<unknown> | undefined;
}

export function createInProcessGuard({
	runtime,
	guard,
	probing,
	stewardProbes,
	evidenceOf,
}: GuardParts): InProcessGuard {
	function check(ask: WriteAsk, accountability: Accountability | null, database: Knex | undefined): Permission {
		return guard.isLoaded()
			? look(ask, accountability, database)
			: runtime.ready().then(() => look(ask, accountability, database));
	}

	function look(ask: WriteAsk, accountability: Accountability | null, database: Knex | undefined): Permission {
		const probe = database && stewardProbes.get(database);
		if (probe) {
			probe.filtersInside = true;
			return undefined;
		}
		const about = ask.about?.();
		if (!(about instanceof Promise)) return decide(ask, accountability, database, about);
		return about.then((subject) => decide(ask, accountability, database, subject));
	}

	function decide(
		ask: WriteAsk,
		accountability: Accountability | null,
		database: Knex | undefined,
		about: WriteSubject | undefined,
	): Permission {
		const principal = guard.principalOf(factsOf(accountability));
		const stewards = guard.stewardsOf(ask.collection);
		// Who is nobody is no steward, and a policy is looked up only where it could make one.
		if (!stewards || stewards.policies.size === 0 || !database || principal.user === null) {
			return judge(ask, principal, database, about);
		}
		return heldPolicies(database, principal)
			.catch(() => [])
			.then((policies) => judge(ask, { ...principal, policies }, database, about));
	}

	function judge(
		ask: WriteAsk,
		principal: WritePrincipal,
		database: Knex | undefined,
		about: WriteSubject | undefined,
	): Permission {
		const { collection, action, manyActions } = ask;
		const fields = askedFields(ask, principal);
		const decision = guard.decide(
			{ collection, action, ...(fields && { fields }), ...(manyActions && { manyActions }), ...(about && { about }) },
			principal,
		);
		if (decision.kind === 'allowed') {
			if (!decision.stewards) return undefined;
			if (!ask.withoutPermit) return Promise.resolve({ rules: decision.stewards, principal });
		}

		const facts = refusalFacts(ask, about, decision.kind === 'refused' ? decision : noStewardsWay(decision.rule));
		if (database && probing.has(database)) return Promise.reject(probeRefusal(facts));
		return guard
			.refuse(facts, principal, fields ? { fields } : {})
			.then((refusal) => Promise.reject(directusError(refusal)));
	}

	function askedFields(ask: WriteAsk, principal: WritePrincipal): readonly string[] | undefined {
		if (!ask.payload) return undefined;
		if (principal.kind === 'agent') return fieldNames(ask.payload);
		if (!guard.stewardsOf(ask.collection)) return undefined;
		return writtenFields(ask.schema, ask.collection, ask.action, fieldNames(ask.payload));
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
		async permitFailed({ service, method, rules, principal }, error) {
			const told = evidenceOf(error);
			if (told !== undefined) return error as Error;
			const collection = service.collection ?? '';
			const rule = `steward:${collection}/${rules.join('+')}`;
			const facts = { code: 'GOVERNANCE_HOLD', reason: 'PERMIT_NOT_TAKEN', collection, action: method, rule } as const;
			return directusError(await guard.refuse(facts, principal));
		},
		dispose: guard.dispose,
	};
}

/** Sorting by hand rewrites rows with knex, outside any transaction. */
function noStewardsWay(rule: string): RefusedDecision {
	return { kind: 'refused', code: 'GOVERNED_WRITE_DENIED', reason: 'ACTION_NOT_STEWARDED', rule };
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
