import type { EvidenceEntry, EvidenceLog } from '../../contracts/evidence.ts';

/**
 * Records refusals that strangers and floods can cause at will: the first of a key in each window becomes an entry, the
 * others are counted and recorded as one entry when the window ends. So the log says what happened, and nobody fills
 * the disk with it.
 */
export interface RefusalTally {
	/** Answers the id of the entry when this refusal got one of its own and it is on disk, else null. Never rejects. */
	note(key: string, now: number, entry: () => EvidenceEntry): Promise<string | null>;
	/**
	 * Answers the id of the entry that stands for this refusal: its own, or the first of its key in this window, which the
	 * closing entry names as `first`. Null when that one could not be written. Never rejects.
	 */
	share(key: string, now: number, entry: () => EvidenceEntry): Promise<string | null>;
	/** Records what was counted and starts a new window. Never rejects. */
	flush(): Promise<void>;
}

/** Distinct keys with an entry of their own per window; an attacker with many addresses shares one further key. */
const MOST_KEYS = 64;
const OVERFLOW = 'others';

interface Count {
	first: EvidenceEntry;
	id: Promise<string | null>;
	unrecorded: number;
}

/**
 * @param windowMs length of a window in milliseconds
 * @param mostKeys distinct keys with an entry of their own per window
 */
export function createRefusalTally(evidence: EvidenceLog, windowMs: number, mostKeys = MOST_KEYS): RefusalTally {
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
			finished.map(async ({ first, id, unrecorded }) => {
				const counted = { aggregated: true, count: unrecorded, window_ms: windowMs, first: await id };
				await append({ ...first, facts: { ...first.facts, ...counted } });
			}),
		);
	}

	/** Opens a window, or ends it; a clock that was set back must not keep one open. */
	function turn(now: number): void {
		if (now >= started && now - started < windowMs) return;
		started = now;
		void flush();
	}

	function countOf(wanted: string, entry: () => EvidenceEntry): { count: Count; isFirst: boolean } {
		const key = counts.has(wanted) || counts.size < mostKeys ? wanted : OVERFLOW;
		const present = counts.get(key);
		if (present !== undefined) return { count: present, isFirst: false };
		// Whoever stops asking must not keep what was counted out of the log.
		if (counts.size === 0) setTimeout(() => void flush(), windowMs).unref();
		const first = entry();
		const count: Count = { first, id: append(first), unrecorded: 0 };
		counts.set(key, count);
		return { count, isFirst: true };
	}

	return {
		async note(wanted, now, entry) {
			turn(now);
			const { count, isFirst } = countOf(wanted, entry);
			if (!isFirst) count.unrecorded += 1;
			const id = isFirst ? await count.id : null;
			if (isFirst && id === null) count.unrecorded += 1;
			return id;
		},
		async share(key, now, entry) {
			turn(now);
			const { count, isFirst } = countOf(key, entry);
			if (!isFirst) count.unrecorded += 1;
			const id = await count.id;
			// The next one tries again: a refusal without a trace is told as such, and only while it is so.
			if (id === null) for (const [name, known] of counts) if (known === count) counts.delete(name);
			return id;
		},
		flush,
	};
}
