import {
	BrokenCircuitError,
	type CircuitBreakerPolicy,
	ConsecutiveBreaker,
	circuitBreaker,
	handleWhenResult,
} from 'cockatiel';
import type { ExecutorAnswer, ExecutorDirectory } from '../../service/ports/executor-directory.ts';
import type { ExecutorClient } from './client.ts';

export interface DirectoryOptions {
	/** How long an executor's capabilities are believed, in ms: one HTTP call a second, however many plans are asked for. */
	freshMs?: number;
	/** How long its silence is believed, in ms. */
	silentMs?: number;
	/** Failures in a row after which it is not asked any more … */
	failures?: number;
	/** … for this long, in ms; then one request tries again. */
	pauseMs?: number;
}

const DEFAULTS = { freshMs: 1_000, silentMs: 250, failures: 3, pauseMs: 2_000 };

/** What is known of one executor. Nothing here is shared between executors, so a dead one slows no other. */
interface Entry {
	breaker: CircuitBreakerPolicy;
	last: ExecutorAnswer | null;
	validUntil: number;
	inFlight: Promise<ExecutorAnswer> | null;
}

/**
 * The directory dispatch asks: a short memory in front of the client, one request at a time per executor, and a circuit
 * breaker, so that a request to an executor that keeps failing is answered at once with its last failure.
 */
export function createExecutorDirectory(client: ExecutorClient, options: DirectoryOptions = {}): ExecutorDirectory {
	const settings = { ...DEFAULTS, ...options };
	const entries = new Map<string, Entry>();

	async function refresh(url: string, entry: Entry): Promise<ExecutorAnswer> {
		const answer = await askThroughBreaker(client, url, entry);
		entry.last = answer;
		entry.validUntil = performance.now() + (answer.kind === 'ok' ? settings.freshMs : settings.silentMs);
		return answer;
	}

	return {
		async capabilities(url) {
			const entry = entries.get(url) ?? newEntry(settings);
			entries.set(url, entry);
			if (entry.last !== null && performance.now() < entry.validUntil) return entry.last;
			entry.inFlight ??= refresh(url, entry).finally(() => {
				entry.inFlight = null;
			});
			return entry.inFlight;
		},
	};
}

function newEntry({ failures, pauseMs }: typeof DEFAULTS): Entry {
	const breaker = circuitBreaker(
		handleWhenResult((answer) => (answer as ExecutorAnswer).kind !== 'ok'),
		{ breaker: new ConsecutiveBreaker(failures), halfOpenAfter: pauseMs },
	);
	return { breaker, last: null, validUntil: 0, inFlight: null };
}

async function askThroughBreaker(client: ExecutorClient, url: string, entry: Entry): Promise<ExecutorAnswer> {
	try {
		return await entry.breaker.execute(() => client.readCapabilities(url));
	} catch (error) {
		if (!(error instanceof BrokenCircuitError)) throw error;
		// The circuit opens only on a failure, which is still the last thing known.
		return entry.last ?? { kind: 'unreachable', detail: 'not asked: it failed several times in a row' };
	}
}
