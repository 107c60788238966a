import type { EvidenceEntry, EvidenceLog } from '../../contracts/evidence.ts';

/**
 * Records refusals that strangers and floods can cause at will: the first of a key in each window becomes an entry, the
 * others are counted and recorded as one entry when the window ends. So the log says what happened, and nobody fills
 * the disk with it.
 */
export interface RefusalTally {
	/** Answers the id of the entry when this refusal got one of its own and it is on disk, else null. Never rejects. */
	note(key: string, now: number, entry: () => EvidenceEntry): Promise<string | null>;
	/** Records what was counted and starts a new window. Never rejects. */
	flush(): Promise<void>;
}

/** Distinct keys with an entry of their own per window; an attacker with many addresses shares one further key. */
const MOST_KEYS = 64;
const OVERFLOW = 'others';

interface Count {
	first: EvidenceEntry;
	unrecorded: number;
}

/** @param windowMs length of a window in milliseconds */
export function createRefusalTally(evidence: EvidenceLog, windowMs: number): RefusalTally {
	let counts = new Map<string, Count>();
	let started = 0;

	async function append(entry: EvidenceEntry): Promise<string | null> {
		return evidence.append(entry).then(
			({ id }) => id,
			() => null,
		);
	}

	async function flush(): Promise<void> {
		const finished = [...counts.values()].filter(({ unrecorded }) => unrecorded > 0);
		counts = new Map();
		await Promise.all(
			finished.map(({ first, unrecorded }) =>
				append({ ...first, facts: { ...first.facts, aggregated: true, count: unrecorded, window_ms: windowMs } }),
			),
		);
	}

	return {
		async note(wanted, now, entry) {
			if (now - started >= windowMs) {
				started = now;
				void flush();
			}
			const key = counts.has(wanted) || counts.size < MOST_KEYS ? wanted : OVERFLOW;
			const count = counts.get(key);
			if (count !== undefined) {
				count.unrecorded += 1;
				return null;
			}
			const opened: Count = { first: entry(), unrecorded: 0 };
			counts.set(key, opened);
			const id = await append(opened.first);
			if (id === null) opened.unrecorded += 1;
			return id;
		},
		flush,
	};
}
