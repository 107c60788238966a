import type { PolicyDocument } from '../../contracts/policy.ts';
import { actorOf, callerName, type DispatchCaller } from '../dispatch/caller.ts';
import { createRefusalTally } from '../dispatch/refusal-tally.ts';
import type { Runtime } from '../guard/runtime.ts';

/** `principals` is what governance says about others than the caller: for admins, whatever policy says. */
export type ReadableArea = keyof PolicyDocument['visibility'] | 'principals';

export interface ReadRefusal {
	kind: 'refused';
	code: 'UNAUTHENTICATED' | 'FORBIDDEN';
	evidence: { id: string } | null;
	next: string;
}

export type ReadAccess = { kind: 'allowed'; caller: DispatchCaller } | ReadRefusal;

export interface ReadAttempt {
	/** Null when nobody is signed in. */
	caller: DispatchCaller | null;
	/** Stands for the client's address without telling it. */
	address: string;
	/** Null: every authenticated caller may read it. */
	area: ReadableArea | null;
}

/** Decides who may read governance data; refusals are recorded, aggregated by caller. Never rejects. */
export type ReadGuard = (attempt: ReadAttempt) => Promise<ReadAccess>;

const WINDOW_MS = 60_000;

const NEXT = {
	UNAUTHENTICATED: 'Send the request with a Directus token of a user; shares cannot read this.',
	FORBIDDEN: 'Ask an admin, or ask the operator to widen visibility in directus.config.ts and to run governed apply.',
};

const NEXT_ABOUT_OTHERS = 'Ask about yourself (leave actor out), or let an admin ask.';

export function createReadGuard(runtime: Pick<Runtime, 'state' | 'evidence'>, now: () => number): ReadGuard {
	const tally = createRefusalTally(runtime.evidence, WINDOW_MS);
	return async ({ caller, address, area }) => {
		const state = runtime.state();
		const policy = state.kind === 'uninstalled' ? null : (state.policy ?? null);
		if (caller !== null && maySee(caller, area, policy)) return { kind: 'allowed', caller };
		const code = caller === null ? 'UNAUTHENTICATED' : 'FORBIDDEN';
		const from = caller === null ? address : callerName(caller);
		const id = await tally.note(JSON.stringify([code, area, from]), now(), () => ({
			v: 1,
			kind: 'refusal',
			at: new Date(now()).toISOString(),
			instance: policy?.instance ?? null,
			surface: 'rest',
			actor: actorOf(caller, 'rest', policy),
			facts: { event: 'read', area, reason: code, from },
		}));
		const next = code === 'FORBIDDEN' && area === 'principals' ? NEXT_ABOUT_OTHERS : NEXT[code];
		return { kind: 'refused', code, evidence: id === null ? null : { id }, next };
	};
}

/** Without a policy only admins see anything. */
function maySee(caller: DispatchCaller, area: ReadableArea | null, policy: PolicyDocument | null): boolean {
	if (area === null || caller.admin) return true;
	return area !== 'principals' && policy?.visibility[area] === 'authenticated';
}
