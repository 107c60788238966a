import { useApi } from '@directus/extensions-sdk';
import { type ShallowRef, shallowRef } from 'vue';

/** What is known of one route. `stale` says why the last attempt failed while older data is still shown. */
export type Reading<T> =
	| { kind: 'loading' }
	| { kind: 'loaded'; data: T; at: Date; stale: string | null }
	| { kind: 'denied'; next: string }
	| { kind: 'held'; reason: string; next: string }
	| { kind: 'failed'; why: string };

export interface Readable<T> {
	reading: Readonly<ShallowRef<Reading<T>>>;
	/** Asks again; never rejects. A denied route is asked again only when `evenIfDenied`: each denial is recorded. */
	read(evenIfDenied?: boolean): Promise<void>;
}

/** Reads `data` of one `/governance` route. What is already shown stays until there is something else to show. */
export function useReading<T>(path: string): Readable<T> {
	const api = useApi();
	const reading = shallowRef<Reading<T>>({ kind: 'loading' });

	async function read(evenIfDenied = false): Promise<void> {
		if (reading.value.kind === 'denied' && !evenIfDenied) return;
		try {
			const answer = await api.get<{ data: T }>(path);
			reading.value = loaded(reading.value, answer.data.data);
		} catch (error) {
			reading.value = refused(reading.value, error);
		}
	}

	return { reading, read };
}

/** Keeps the very object when nothing changed, so that nothing below is drawn anew. */
function loaded<T>(before: Reading<T>, data: T): Reading<T> {
	const same = before.kind === 'loaded' && JSON.stringify(before.data) === JSON.stringify(data);
	return { kind: 'loaded', data: same ? before.data : data, at: new Date(), stale: null };
}

function refused<T>(before: Reading<T>, error: unknown): Reading<T> {
	const { status, code, reason, next } = answerOf(error);
	if (status === 401 || status === 403) return { kind: 'denied', next };
	if (code === 'GOVERNANCE_HOLD') return { kind: 'held', reason, next };
	const why = status === null ? 'no answer' : `status ${status}`;
	return before.kind === 'loaded' ? { ...before, stale: why } : { kind: 'failed', why };
}

interface RefusedAnswer {
	status: number | null;
	code: string;
	reason: string;
	next: string;
}

/** Reads an error of Directus's HTTP client, which carries the answer as `response`. */
function answerOf(error: unknown): RefusedAnswer {
	const status = at(error, 'response', 'status');
	const extensions = at(error, 'response', 'data', 'errors', 0, 'extensions');
	const text = (key: string) => String(at(extensions, key) ?? '');
	return {
		status: typeof status === 'number' ? status : null,
		code: text('code'),
		reason: text('reason'),
		next: text('next'),
	};
}

function at(value: unknown, ...path: (string | number)[]): unknown {
	let here = value;
	for (const key of path) {
		if (typeof here !== 'object' || here === null) return undefined;
		here = (here as Record<string | number, unknown>)[key];
	}
	return here;
}
