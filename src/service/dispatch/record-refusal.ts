import type { DispatchCheck } from '../../contracts/dispatch.ts';
import type { EvidenceEntry } from '../../contracts/evidence.ts';
import type { DispatchReason } from '../../core/reasons.ts';
import type { Runtime } from '../guard/runtime.ts';
import { refuse } from './answers.ts';
import { actorOf, callerName, type DispatchCaller, type DispatchSurface } from './caller.ts';
import type { DispatchSystem, RecordedAnswer } from './ports.ts';
import { type Subject, subjectOf } from './read-request.ts';
import { createRefusalTally } from './refusal-tally.ts';

/** One request as it arrived: not yet known to be anything. */
export interface DispatchAttempt {
	/** Null when nobody is signed in. */
	caller: DispatchCaller | null;
	surface: DispatchSurface;
	/** Stands for the client's address without telling it. */
	address: string;
	/** Size of the body in bytes. */
	bytes: number;
	/** The parsed JSON body. */
	body: unknown;
}

/** Refusals that have no claim, so that nothing but their evidence is stored. */
export interface RefusalRecorder {
	/** Records and refuses; a refusal whose evidence cannot be written becomes GOVERNANCE_HOLD. */
	record(attempt: DispatchAttempt, reason: DispatchReason, checks: DispatchCheck[]): Promise<RecordedAnswer>;
	/** Refuses at once; entries are aggregated, because anybody can cause these at will. */
	tally(attempt: DispatchAttempt, reason: DispatchReason, checks: DispatchCheck[]): Promise<RecordedAnswer>;
	entry(attempt: DispatchAttempt, kind: EvidenceEntry['kind'], facts: Record<string, unknown>): EvidenceEntry;
	flush(): Promise<void>;
}

const TALLY_WINDOW_MS = 60_000;
/** What a registered code looks like. Anything else in `tool` is the caller's own text and stays out of the log. */
const CODE = /^[A-Z][A-Z0-9_]{1,127}$/;

const HOLD_CHECK: DispatchCheck = {
	name: 'evidence',
	result: 'failed',
	detail: 'the evidence log could not be written',
};

/** A refusal for want of evidence: nothing recorded it, so it names no entry. */
export function holdWithoutEvidence(body: unknown): RecordedAnswer {
	return refuse('GOVERNANCE_HOLD', subjectOf(body), [HOLD_CHECK], null);
}

export function createRefusalRecorder(
	runtime: Pick<Runtime, 'state' | 'evidence'>,
	system: DispatchSystem,
): RefusalRecorder {
	const tallied = createRefusalTally(runtime.evidence, TALLY_WINDOW_MS);

	function entry(attempt: DispatchAttempt, kind: EvidenceEntry['kind'], facts: Record<string, unknown>): EvidenceEntry {
		const state = runtime.state();
		const policy = state.kind === 'uninstalled' ? null : (state.policy ?? null);
		const { caller, surface } = attempt;
		return {
			v: 1,
			kind,
			at: new Date(system.now()).toISOString(),
			instance: policy === null ? null : policy.instance,
			surface,
			actor: actorOf(caller, surface, policy),
			facts: { event: 'dispatch', ...recordable(subjectOf(attempt.body)), ...facts },
		};
	}

	return {
		entry,
		flush: tallied.flush,
		async record(attempt, reason, checks) {
			const id = system.newId();
			const failed = checks.filter(({ result }) => result === 'failed');
			try {
				await runtime.evidence.append(entry(attempt, 'refusal', { reason, failed }), id);
			} catch {
				return holdWithoutEvidence(attempt.body);
			}
			return refuse(reason, subjectOf(attempt.body), checks, id);
		},
		async tally(attempt, reason, checks) {
			const who = attempt.caller === null ? attempt.address : callerName(attempt.caller);
			const key = JSON.stringify([reason, who]);
			const id = await tallied.note(key, system.now(), () => entry(attempt, 'refusal', { reason, from: who }));
			return refuse(reason, subjectOf(attempt.body), checks, id);
		},
	};
}

function recordable(subject: Subject): Subject {
	return { ...subject, tool: subject.tool !== null && CODE.test(subject.tool) ? subject.tool : null };
}
