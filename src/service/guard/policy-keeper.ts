import { latestGeneration } from '../../contracts/generation-mark.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { PolicyRow, PolicySource } from '../ports/policy-source.ts';
import type { PolicyVerifier } from '../ports/policy-verifier.ts';
import type { HoldReason, RuntimeState } from './runtime.ts';

/** A lost notification must not keep an old policy for longer than this. */
const REREAD_MS = 5_000;

export interface PolicyKeeper {
	state(): RuntimeState;
	ready(): Promise<void>;
	onChange(listener: (state: RuntimeState) => void): () => void;
	/** A reason to hold that has nothing to do with the policy row; null takes it back. */
	hold(reason: HoldReason, detail: string | null): void;
	refresh(): Promise<void>;
	close(): void;
}

/** What else has to be seen before a policy counts, after each reading of it. Never rejects. */
export type Inspect = (policy: PolicyDocument) => Promise<void>;

/**
 * Keeps the verified policy of this process current. Every doubt is a hold; the generation never goes back. The first
 * policy counts only once it was inspected; a later one counts at once, because it may forbid what the one before allowed.
 */
export function createPolicyKeeper(
	source: PolicySource,
	verifier: PolicyVerifier,
	inspect: Inspect = async () => undefined,
): PolicyKeeper {
	const listeners = new Set<(state: RuntimeState) => void>();
	const otherHolds = new Map<HoldReason, string>();
	let loaded: RuntimeState = { kind: 'hold', reason: 'POLICY_LOADING', detail: 'the policy has not been read yet' };
	let current: RuntimeState = loaded;
	let lastVerified: { policy: PolicyDocument; jws: string } | undefined;
	let highest = 0;

	const heldFor = (reason: HoldReason, detail: string): RuntimeState => ({
		kind: 'hold',
		reason,
		detail,
		...(lastVerified && { policy: lastVerified.policy }),
	});

	async function load(): Promise<RuntimeState> {
		const reading = await source.read().catch(() => undefined);

		// The database does not answer: what was verified last still decides, and whoever writes needs the database too.
		if (!reading)
			return loaded.kind === 'active' ? loaded : heldFor('POLICY_UNREADABLE', 'the database does not answer');

		switch (reading.kind) {
			case 'row':
				return accept(reading.row);
			case 'uninstalled':
				return highest === 0 ? { kind: 'uninstalled' } : heldFor('POLICY_MISSING', 'schema governance is gone');
			case 'missing':
				return heldFor('POLICY_MISSING', 'schema governance holds no policy');
			case 'unreadable':
				return heldFor('POLICY_UNREADABLE', `the policy row could not be read (SQLSTATE ${reading.sqlstate})`);
			default:
				return reading satisfies never;
		}
	}

	async function accept({ generation, jws }: PolicyRow): Promise<RuntimeState> {
		if (generation < highest)
			return heldFor('POLICY_GENERATION_WENT_BACK', `generation ${generation} after ${highest}`);

		if (jws === lastVerified?.jws && generation === highest) return { kind: 'active', policy: lastVerified.policy };
		if (generation === highest)
			return heldFor('POLICY_GENERATION_WENT_BACK', `a second policy of generation ${generation}`);

		const verdict = await verifier.verify(jws);
		if (verdict.kind === 'refused') return heldFor(verdict.reason, verdict.detail);
		if (verdict.policy.generation !== generation)
			return heldFor('POLICY_INVALID', 'the row and the signed policy name different generations');

		const latest = await latestKnown(verdict.policy).catch(() => null);
		if (latest === null) return heldFor('POLICY_UNREADABLE', 'the applies in the evidence log could not be read');
		if (latest > generation)
			return heldFor('POLICY_GENERATION_WENT_BACK', `generation ${generation}, and generation ${latest} was applied`);

		highest = generation;
		lastVerified = { policy: verdict.policy, jws };
		return { kind: 'active', policy: verdict.policy };
	}

	/** What this process does not remember, the log of applies does. */
	async function latestKnown({ generation, instance }: PolicyDocument): Promise<number> {
		const claims = await source.marksAbove(generation);
		return latestGeneration(await Promise.all(claims.map(verifier.readMark)), instance.id);
	}

	function publish(): void {
		const [first, ...others] = otherHolds;
		const told = [first?.[1], ...others.map(([reason, detail]) => `${reason}: ${detail}`)].join('; ');
		const next = loaded.kind === 'active' && first ? heldFor(first[0], told) : loaded;
		if (sameState(current, next)) return;
		current = next;
		for (const listener of listeners) listener(next);
	}

	let wasInspected = false;

	async function inspected(state: RuntimeState): Promise<boolean> {
		if (state.kind === 'uninstalled' || !state.policy) return false;
		await inspect(state.policy);
		wasInspected = true;
		return true;
	}

	let reading: Promise<void> | undefined;
	let again = false;

	/** One read at a time; a change announced during one is read after it. */
	function refresh(): Promise<void> {
		if (reading !== undefined) {
			again = true;
			return reading;
		}

		reading = (async () => {
			do {
				again = false;
				const next = await load();
				const early = !wasInspected && (await inspected(next));
				loaded = next;
				publish();
				if (!early) await inspected(next);
			} while (again);
		})().finally(() => {
			reading = undefined;
		});

		return reading;
	}

	const first = refresh();
	const stopWatching = source.watch(() => void refresh());
	const timer = setInterval(() => void refresh(), REREAD_MS);
	timer.unref();

	return {
		state: () => current,
		ready: () => first,
		refresh,
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		hold(reason, detail) {
			if (detail === null) otherHolds.delete(reason);
			else otherHolds.set(reason, detail);
			publish();
		},
		close() {
			clearInterval(timer);
			stopWatching();
		},
	};
}

function sameState(left: RuntimeState, right: RuntimeState): boolean {
	if (left.kind === 'active' && right.kind === 'active') return left.policy === right.policy;
	if (left.kind !== 'hold' || right.kind !== 'hold') return left.kind === right.kind;
	return left.reason === right.reason && left.detail === right.detail && left.policy === right.policy;
}
