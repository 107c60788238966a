import type { Pool } from 'pg';
import type { DirectusRuntime } from './runtime.ts';

const DETAIL = 'only PostgreSQL can be governed';

/** The runtime on any other database: it holds for ever, opens nothing and records nothing. */
export function unsupportedRuntime(): DirectusRuntime {
	const refuse = () => Promise.reject(new Error(DETAIL));

	return {
		state: () => ({ kind: 'hold', reason: 'UNSUPPORTED_DATABASE', detail: DETAIL }),
		evidence: { append: refuse },
		pool: { query: refuse, connect: refuse, end: () => Promise.resolve() } as unknown as Pool,
		ready: () => Promise.resolve(),
		onPolicy: () => () => undefined,
		probes: () => [],
		recordProbes: () => undefined,
		databaseControls: () => [],
		testDatabase: () => Promise.resolve(),
		hold: () => undefined,
		refresh: () => Promise.resolve(),
		close: () => Promise.resolve(),
	};
}
