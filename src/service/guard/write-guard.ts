import type { EvidenceActor, EvidenceEntry, EvidenceLog, Surface } from '../../contracts/evidence.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import { decideQuestion, knownIndex, principalIn, type WriteQuestion } from '../../core/decide-question.ts';
import { buildPolicyIndex, type PolicyIndex, type WriteDecision, type WritePosture } from '../../core/decide-write.ts';
import type { PrincipalFacts, WritePrincipal } from '../../core/principal.ts';
import type { CollectionStewards } from '../../core/steward-index.ts';
import { createRefusalTally } from '../dispatch/refusal-tally.ts';
import { type RefusalFacts, recordedRefusal, unrecordedRefusal, type WriteRefusal } from './refusal.ts';
import type { Runtime, RuntimeState } from './runtime.ts';

export type { WriteQuestion, WriteSubject } from '../../core/decide-question.ts';

const MAX_NAMED_FIELDS = 32;
const MAX_FIELD_NAME = 64;
/** Refusals of strangers that say the same are one entry and a count in this time. */
const STRANGERS_WINDOW_MS = 60_000;
/** Governed collections times actions, generously; what lies beyond shares one entry. */
const MOST_STRANGER_KEYS = 1_024;

export type RefusedDecision = Extract<WriteDecision, { kind: 'refused' }>;

export interface WriteGuard {
	/** False while the first policy is being read: wait for `runtime.ready()` before asking. */
	isLoaded(): boolean;
	isGoverned(collection: string): boolean;
	/** Undefined where nobody but apply writes. */
	stewardsOf(collection: string): CollectionStewards | undefined;
	principalOf(facts: PrincipalFacts | null): WritePrincipal;
	/** Synchronous, without I/O and without copies: this runs before every write of the instance. */
	decide(question: WriteQuestion, principal: WritePrincipal): WriteDecision;
	/** Writes the evidence, then answers with the refusal to throw; never rejects. */
	refuse(facts: RefusalFacts, principal: WritePrincipal, details?: RefusalDetails): Promise<WriteRefusal>;
	/** Ends the guard's hold on the runtime, once a newer guard decides. */
	dispose(): void;
}

export interface RefusalDetails {
	fields?: readonly string[];
	surface?: Surface;
	/** The SQLSTATE the database refused with. */
	sqlstate?: string;
	/** Names the entry before it is written. */
	evidenceId?: string;
}

/** `now` gives the time entries carry, as ISO 8601. */
export function createWriteGuard(
	runtime: Pick<Runtime, 'state' | 'onPolicy' | 'evidence'>,
	now: () => string,
): WriteGuard {
	let state = runtime.state();
	let posture = writePostureOf(state);

	const dispose = runtime.onPolicy((next) => {
		state = next;
		posture = writePostureOf(next);
	});

	const strangers = createRefusalTally(runtime.evidence, STRANGERS_WINDOW_MS, MOST_STRANGER_KEYS);

	return {
		dispose() {
			dispose();
			void strangers.flush();
		},
		isLoaded: () => state.kind !== 'hold' || state.reason !== 'POLICY_LOADING',
		isGoverned: (collection) => knownIndex(posture)?.governed.has(collection) ?? false,
		stewardsOf: (collection) => knownIndex(posture)?.stewards.get(collection),
		principalOf: (facts) => principalIn(posture, facts),
		decide: (question, principal) => decideQuestion(posture, question, principal),
		async refuse(facts, principal, details = {}) {
			const at = now();
			const entry = refusalEntry(facts, principal, details, at, instanceOf(state));

			if (isNobody(principal)) {
				const shared = await strangers.share(keyOf(entry), Date.parse(at), () => entry);
				return shared === null ? unrecordedRefusal(facts) : recordedRefusal(facts, shared);
			}

			try {
				const { id } = await append(runtime.evidence, entry, details.evidenceId);
				return recordedRefusal(facts, id);
			} catch {
				return unrecordedRefusal(facts);
			}
		},
	};
}

/** Anybody on the network can cause these at will: a request nobody signed, and a flow that runs for nobody. */
function isNobody({ kind, user, surface }: WritePrincipal): boolean {
	return kind === 'public' || (surface === 'flow' && user === null);
}

/** Everything an entry says but when. */
function keyOf({ at: _at, ...said }: EvidenceEntry): string {
	return JSON.stringify(said);
}

function append(evidence: EvidenceLog, entry: EvidenceEntry, id: string | undefined): Promise<{ id: string }> {
	return id === undefined ? evidence.append(entry) : evidence.append(entry, id);
}

/** Made once for each policy, whoever asks: a long allowlist takes seconds. */
const indexes = new WeakMap<PolicyDocument, PolicyIndex>();

function indexFor(policy: PolicyDocument): PolicyIndex {
	const index = indexes.get(policy) ?? buildPolicyIndex(policy);
	indexes.set(policy, index);
	return index;
}

/** The same state as the core decides by: with the last verified policy indexed. */
export function writePostureOf(state: RuntimeState): WritePosture {
	switch (state.kind) {
		case 'uninstalled':
			return { kind: 'uninstalled' };
		case 'hold':
			return { kind: 'hold', known: state.policy ? indexFor(state.policy) : null };
		case 'active':
			return { kind: 'active', index: indexFor(state.policy) };
		default:
			return state satisfies never;
	}
}

function instanceOf(state: RuntimeState): EvidenceEntry['instance'] {
	return state.kind === 'uninstalled' ? null : (state.policy?.instance ?? null);
}

function refusalEntry(
	facts: RefusalFacts,
	principal: WritePrincipal,
	details: RefusalDetails,
	at: string,
	instance: EvidenceEntry['instance'],
): EvidenceEntry {
	const { fields, sqlstate } = details;

	return {
		v: 1,
		kind: 'refusal',
		at,
		instance,
		surface: details.surface ?? surfaceForLog(principal),
		actor: actorForLog(principal),
		facts: { ...facts, ...(fields && { fields: namesOf(fields) }), ...(sqlstate && { sqlstate }) },
	};
}

/** The log knows one surface for agents' tools: Directus's own assistant is told apart by nothing it could do. */
function surfaceForLog({ surface }: WritePrincipal): Surface {
	return surface === 'ai' ? 'mcp' : surface;
}

function actorForLog({ kind, user, role }: WritePrincipal): EvidenceActor {
	return { kind, user, role };
}

/** Names come from the caller: cut, so that nobody fills the log with them. */
function namesOf(fields: readonly string[]): string[] {
	return fields.slice(0, MAX_NAMED_FIELDS).map((field) => field.slice(0, MAX_FIELD_NAME));
}
