import type { SnapshotReader } from './snapshot.ts';

export type Health = { status: 'ok' } | { status: 'unavailable'; reason: string; detail: string };

/**
 * True health: everything a dry run needs but its input is tried, through the same connections. Whoever asks while an
 * answer is being found shares it, so that asking often costs one connection at most.
 */
export function healthCheck(reader: SnapshotReader, tools: Iterable<string>): () => Promise<Health> {
	const codes = [...tools];
	let inFlight: Promise<Health> | null = null;
	return () => {
		inFlight ??= tryAll(reader, codes).finally(() => {
			inFlight = null;
		});
		return inFlight;
	};
}

async function tryAll(reader: SnapshotReader, codes: readonly string[]): Promise<Health> {
	for (const code of codes) {
		const outcome = await reader.inSnapshot(code, async (read) => {
			await read('select count(*) from governance.governed_collections');
		});
		if (outcome.kind !== 'done') {
			return { status: 'unavailable', reason: outcome.kind.toUpperCase(), detail: outcome.detail };
		}
	}
	return { status: 'ok' };
}
