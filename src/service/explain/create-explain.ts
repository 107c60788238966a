import { type ExplainRequest, type Explanation, explainRequestSchema } from '../../contracts/explain.ts';
import { faultsOf } from '../../contracts/faults.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import { knownIndex, principalIn, type WriteQuestion, type WriteSubject } from '../../core/decide-question.ts';
import { explainWrite } from '../../core/explain-write.ts';
import { nextStepForWrite } from '../../core/next-step.ts';
import type { WritePrincipal } from '../../core/principal.ts';
import type { DispatchCaller, DispatchSurface } from '../dispatch/caller.ts';
import type { Runtime, RuntimeState } from '../guard/runtime.ts';
import { writePostureOf } from '../guard/write-guard.ts';
import type { ReadGuard, ReadRefusal } from '../posture/read-access.ts';
import { asksAboutItself, readActor } from './explain-actor.ts';
import type { PrincipalDirectory } from './ports.ts';

export interface ExplainPorts {
	runtime: Pick<Runtime, 'state' | 'ready'>;
	guard: ReadGuard;
	directory: PrincipalDirectory;
}

export interface ExplainAttempt {
	caller: DispatchCaller | null;
	/** Stands for the client's address without telling it. */
	address: string;
	surface: DispatchSurface;
	body: unknown;
}

export type ExplainAnswer =
	| { kind: 'ok'; explanation: Explanation }
	| { kind: 'faulty'; faults: string[] }
	| { kind: 'refused'; refusal: ReadRefusal };

/** Rejects only when the database that knows the principals cannot be asked. */
export type Explain = (attempt: ExplainAttempt) => Promise<ExplainAnswer>;

const MOST_FAULTS = 20;

const LIMITS = [
	'allowed means that governance does not refuse the write; whether Directus permits it is asked besides',
	'a policy of Directus that is bound to network addresses is not counted where an actor is looked up',
	'a nested write is a write to each collection it touches: ask about each',
	'the answer is of this moment: a policy applied later may answer otherwise',
];

/** Says what would become of a write. Who may not ask learns nothing, not even whether the question was well formed. */
export function createExplain({ runtime, guard, directory }: ExplainPorts): Explain {
	return async ({ caller: asking, address, surface, body }) => {
		await runtime.ready();
		const entry = await guard({ caller: asking, address, area: 'posture' });
		if (entry.kind === 'refused') return { kind: 'refused', refusal: entry };
		const { caller } = entry;

		const parsed = explainRequestSchema.safeParse(body);
		if (!parsed.success) return { kind: 'faulty', faults: faultsOf(parsed.error).slice(0, MOST_FAULTS) };
		const request = parsed.data;
		if (!asksAboutItself(request.actor, caller)) {
			const access = await guard({ caller, address, area: 'principals' });
			if (access.kind === 'refused') return { kind: 'refused', refusal: access };
		}

		const actor = await readActor(request.actor, caller, surface, directory);
		if (actor.kind === 'faulty') return actor;
		const state = runtime.state();
		const principal = principalIn(writePostureOf(state), actor.facts);
		const policies = actor.policies ?? (await policiesOf(principal, request.collection, state));
		return { kind: 'ok', explanation: explain(state, request, { ...principal, policies }) };
	};

	/** What only stewarded collections ask for: elsewhere nothing is looked up. */
	async function policiesOf({ user, role }: WritePrincipal, name: string, state: RuntimeState): Promise<string[]> {
		if (!knownIndex(writePostureOf(state))?.stewards.has(name)) return [];
		return (await directory.find({ user, role }))?.policies ?? [];
	}
}

function explain(state: RuntimeState, request: ExplainRequest, principal: WritePrincipal): Explanation {
	const posture = writePostureOf(state);
	const { collection, action, fields, about } = request;
	const question: WriteQuestion = {
		collection,
		action,
		...(fields && { fields }),
		...(about && { about: subjectOf(about) }),
	};
	const { decision, why, layers, refusedFields, writableFields } = explainWrite(posture, question, principal);
	const policy = state.kind === 'uninstalled' ? null : (state.policy ?? null);
	const refusal = decision.kind === 'refused' ? decision : null;
	return {
		verdict: decision.kind,
		layer: refusal ? 'process' : null,
		code: refusal?.code ?? null,
		reason: refusal?.reason ?? null,
		rule: decision.rule,
		why,
		next: refusal && nextStepForWrite(refusal.reason),
		tools: refusal ? toolsBuilding(collection, policy) : [],
		layers,
		refused_fields: refusedFields,
		writable_fields: writableFields,
		asked: { collection, action, fields: fields ?? null, about: about ?? null, actor: actorFor(principal) },
		state: state.kind,
		generation: policy?.generation ?? null,
		limits: LIMITS,
	};
}

/** A flow that is asked about stands alone: what was stored before, and how its operations hang together, is not known. */
function subjectOf(about: NonNullable<ExplainRequest['about']>): WriteSubject {
	if (about.kind !== 'flow') return about;
	const { kind, operations, ...flow } = about;
	const unknown = { id: null, resolve: null, reject: null };
	const after = {
		...flow,
		id: null,
		accountability: null,
		operation: null,
		operations: operations.map((operation) => ({ ...unknown, ...operation })),
	};
	return { kind, changes: [{ before: null, after }] };
}

function actorFor({
	kind,
	user,
	role,
	roles = [],
	policies = [],
	surface,
}: WritePrincipal): Explanation['asked']['actor'] {
	return { kind, user, role, roles, policies, surface };
}

/** Tools of lanes that build this collection, as far as a contract lets anybody dispatch them. */
function toolsBuilding(collection: string, policy: PolicyDocument | null): string[] {
	const { lanes = {}, contracts = {} } = policy ?? {};
	const tools = Object.values(lanes).filter(
		({ builds, tool }) => builds === collection && Object.hasOwn(contracts, tool),
	);
	return tools.map(({ tool }) => tool).sort();
}
