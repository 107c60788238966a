import type { DispatchCheck } from '../../contracts/dispatch.ts';
import type { Runtime } from '../guard/runtime.ts';
import type { ExecutorDirectory } from '../ports/executor-directory.ts';
import { createBatcher } from './batcher.ts';
import { callerName } from './caller.ts';
import { type ClaimItem, type ClaimOutcome, type ClaimTimes, claimItem, claimOrAwait } from './claim-dispatch.ts';
import { createContractBook } from './contract-book.ts';
import { decideClaimed, holdCheck } from './decide-claimed.ts';
import type { Subjected } from './gather-facts.ts';
import type {
	DispatchStore,
	DispatchSystem,
	RecordedAnswer,
	RegistryQuestion,
	RegistrySnapshot,
	Settlement,
} from './ports.ts';
import { createRateMeter } from './rate-meter.ts';
import { asksForRealRun, readRequest } from './read-request.ts';
import { createRefusalRecorder, type DispatchAttempt, holdWithoutEvidence } from './record-refusal.ts';

export interface DispatchPorts {
	runtime: Pick<Runtime, 'state' | 'ready' | 'refresh' | 'evidence'>;
	store: DispatchStore;
	executors: ExecutorDirectory;
	system: DispatchSystem;
}

/** Answers any attempt; never rejects. The order of work is that of DESIGN.md §5. */
export type Dispatch = (attempt: DispatchAttempt) => Promise<RecordedAnswer>;

/** Largest body in bytes. */
const MOST_BYTES = 65_536;

const MINUTE_MS = 60_000;
/** Bounds one statement, not throughput: an idle batcher sends at once. */
const BATCH = { maxBatch: 64 };
/** The lease outlasts any decision, so that a take-over means a dead node and not a slow one. */
const TIMES: ClaimTimes = { awaitMs: 5_000, leaseMs: 45_000, pollMs: 50 };

const REAL_RUN_CHECK: DispatchCheck = { name: 'mode', result: 'failed', detail: 'REAL_RUN is refused in every state' };

/** Assembles the use case. What it remembers (contracts read, rates, batches under way) lives with the returned function. */
export function createDispatch(ports: DispatchPorts, times: ClaimTimes = TIMES): Dispatch {
	const { runtime, store, executors, system } = ports;
	const recorder = createRefusalRecorder(runtime, system);
	const book = createContractBook();
	const meter = createRateMeter(MINUTE_MS);
	const { claim, read, settle } = batchersOf(store);

	/** Steps 0 to 2: what is refused without looking anything up. */
	async function receive(attempt: DispatchAttempt): Promise<RecordedAnswer> {
		const { caller, surface, bytes, body } = attempt;
		if (caller === null) return recorder.tally(attempt, 'UNAUTHENTICATED', []);
		if (bytes > MOST_BYTES) return recorder.record(attempt, 'PAYLOAD_TOO_LARGE', []);
		if (asksForRealRun(body)) return recorder.record(attempt, 'REAL_RUN_REFUSED', [REAL_RUN_CHECK]);
		const reading = readRequest(body);
		if (reading.kind === 'malformed') return recorder.record(attempt, reading.reason, reading.checks);
		const { mode, ...rest } = reading.request;
		if (mode === 'REAL_RUN') return recorder.record(attempt, 'REAL_RUN_REFUSED', [REAL_RUN_CHECK]);
		return admit(attempt, { request: { ...rest, mode }, caller, surface });
	}

	async function admit(attempt: DispatchAttempt, subject: Subjected): Promise<RecordedAnswer> {
		await runtime.ready();
		const state = runtime.state();
		if (state.kind !== 'active') return recorder.record(attempt, 'GOVERNANCE_HOLD', [holdCheck(state)]);
		const { tool } = subject.request;
		const count = meter.count(JSON.stringify([callerName(subject.caller), tool]), system.now());
		// Before the claim, so that a flood leaves no rows and the same request may be sent again later.
		if (count > (book.ratePerMinute(tool) ?? Number.POSITIVE_INFINITY)) {
			return recorder.tally(attempt, 'RATE_LIMITED', []);
		}
		return answerOnce(attempt, subject);
	}

	/** Steps 3 to 7. */
	async function answerOnce(attempt: DispatchAttempt, subject: Subjected): Promise<RecordedAnswer> {
		const item = claimItem(subject, times.leaseMs);
		// A second round only when another node took the claim over while this one decided: its answer is the answer.
		for (let round = 0; round < 2; round++) {
			const { result, registry } = await claimOrAwait(item, claim, system, times);
			switch (result.status) {
				case 'recorded':
					return result.answer;
				case 'reused':
					return recorder.record(attempt, 'CORRELATION_ID_REUSED', []);
				case 'in_progress':
					return recorder.record(attempt, 'CORRELATION_ID_IN_PROGRESS', []);
				case 'claimed': {
					const id = system.newId();
					const decision = { runtime, executors, book, read };
					const { kind, answer, facts } = await decideClaimed(subject, item.question, registry, decision, id);
					const evidence = { id, entry: recorder.entry(attempt, kind, facts) };
					if (await settle({ token: result.token, answer, evidence })) return answer;
				}
			}
		}
		return recorder.record(attempt, 'CORRELATION_ID_IN_PROGRESS', []);
	}

	return async (attempt) => {
		try {
			return await receive(attempt);
		} catch (error) {
			// Whatever broke (a lost database, a bug), the caller learns that nothing proceeds, and no detail of it.
			system.onFault(error);
			return holdWithoutEvidence(attempt.body);
		}
	};
}

function batchersOf(store: DispatchStore) {
	return {
		claim: createBatcher<ClaimItem, ClaimOutcome>(async (items) => {
			const { claims, registry } = await store.claimAndRead(items);
			return claims.map((result) => ({ result, registry }));
		}, BATCH),
		read: createBatcher<RegistryQuestion, RegistrySnapshot>(async (questions) => {
			const registry = await store.read(questions);
			return questions.map(() => registry);
		}, BATCH),
		settle: createBatcher<Settlement, boolean>((items) => store.settle(items), BATCH),
	};
}
