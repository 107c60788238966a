import type { PolicyDocument } from '../../contracts/policy.ts';
import type { PostureControl } from '../../contracts/posture.ts';
import type { CatalogueWatch, SelfTest } from '../ports/database-guards.ts';

/** How often the probes are tried again while nothing changes. */
const SELF_TEST_MS = 300_000;
/** For how long what was seen last may stand for a database that does not answer. */
const BLIND_MS = 30_000;
const MOST_NAMED = 5;

export interface DatabaseWatchParts {
	catalogue: CatalogueWatch;
	selfTest: SelfTest;
	/** Holds the instance for a guard of the database; null takes that back. */
	hold(detail: string | null): void;
	/** Milliseconds that never go back: a wall clock set back must not put the next test off. */
	elapsed(): number;
	now(): string;
}

/** Whether the guards in PostgreSQL hold, as this process sees it. */
export interface DatabaseWatch {
	/** Looks at the catalogue, and tries the probes when they are due. Never rejects. */
	inspect(policy: PolicyDocument): Promise<void>;
	/** Looks and tries everything now; joins a test under way. Never rejects. */
	test(): Promise<void>;
	/** What was last seen; empty before the first look. */
	controls(): readonly PostureControl[];
}

/**
 * Holds the instance while a control was not seen refusing, or while the catalogue is not as `governed apply` leaves it,
 * and lets it go when a later look sees all of it again. The first inspection ends only when everything was tried.
 */
export function createDatabaseWatch({ catalogue, selfTest, hold, elapsed, now }: DatabaseWatchParts): DatabaseWatch {
	let policy: PolicyDocument | undefined;
	let structure: PostureControl | undefined;
	let looked = 0;
	let probed: readonly PostureControl[] = [];
	let tested: { policy: PolicyDocument; drift: string; at: number } | undefined;
	let running: Promise<void> | undefined;

	const controls = () => [...(structure ? [structure] : []), ...probed];
	const seen = (subject: PolicyDocument) => tested?.policy === subject;

	async function look(subject: PolicyDocument): Promise<void> {
		try {
			structure = driftControl(await catalogue.drift(subject), now());
			looked = elapsed();
		} catch {
			// Who writes needs the same database, so what was seen last counts for a while; what was never seen does not.
			if (structure === undefined || elapsed() - looked > BLIND_MS) structure = unseen('database.structure', now());
		}
	}

	async function probe(subject: PolicyDocument): Promise<void> {
		try {
			probed = await selfTest.run(subject);
			tested = { policy: subject, drift: structure?.detail ?? '', at: elapsed() };
		} catch {
			const stale = tested === undefined || elapsed() - tested.at > SELF_TEST_MS + BLIND_MS;
			if (stale || !seen(subject)) probed = [unseen('database.probes', now())];
		}
	}

	function isDue(subject: PolicyDocument): boolean {
		if (tested === undefined || !seen(subject)) return true;
		if (tested.drift !== structure?.detail || elapsed() - tested.at >= SELF_TEST_MS) return true;
		return probed.some(({ state }) => state !== 'demonstrated');
	}

	function settle(): void {
		const missing = controls().filter(({ state }) => state !== 'demonstrated');
		hold(missing.length === 0 ? null : missing.map(({ id, detail }) => `${id}: ${detail}`).join('; '));
	}

	const after = async (earlier: Promise<void> | undefined, work: () => Promise<void>): Promise<void> => {
		await earlier;
		return run(work);
	};

	const run = (work: () => Promise<void>): Promise<void> => {
		running ??= work()
			.then(settle)
			.finally(() => {
				running = undefined;
			});
		return running;
	};

	return {
		controls,
		inspect(subject) {
			policy = subject;
			return after(running, async () => {
				await look(subject);
				if (!isDue(subject)) return;
				// What is known to be wrong holds while the rest is still being tried.
				if (structure?.state === 'failed') settle();
				await probe(subject);
			});
		},
		test() {
			return after(running, async () => {
				if (policy === undefined) return;
				await look(policy);
				await probe(policy);
			});
		},
	};
}

function driftControl(drift: readonly string[], at: string): PostureControl {
	const id = 'database.structure';
	if (drift.length === 0) return { id, state: 'demonstrated', detail: 'every guard stands as it was applied', at };
	const more = drift.length - MOST_NAMED;
	const detail = `${drift.slice(0, MOST_NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
	return { id, state: 'failed', detail, at };
}

function unseen(id: string, at: string): PostureControl {
	return { id, state: 'not_demonstrated', detail: 'the database could not be asked', at };
}
