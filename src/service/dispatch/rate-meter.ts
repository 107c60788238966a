/** Counts requests by key in fixed windows. Per process: several nodes allow the limit each. */
export interface RateMeter {
	/** Counts one request and answers how many there were in the present window, this one included. */
	count(key: string, now: number): number;
}

/** Bounds memory against callers who invent keys; forgetting early only allows somewhat more. */
const MOST_KEYS = 10_000;

export function createRateMeter(windowMs: number): RateMeter {
	let started = 0;
	let counts = new Map<string, number>();
	return {
		count(key, now) {
			if (now - started >= windowMs || counts.size > MOST_KEYS) {
				started = now;
				counts = new Map();
			}
			const seen = (counts.get(key) ?? 0) + 1;
			counts.set(key, seen);
			return seen;
		},
	};
}
