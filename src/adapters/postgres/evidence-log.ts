import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { EvidenceEntry, EvidenceLog } from '../../contracts/evidence.ts';
import { canonicalJson } from '../../service/canonical.ts';
import { isConnectionLost } from './connection-lost.ts';

const MAX_BATCH = 500;
const RETRY_DELAY_MS = 50;

interface Pending {
	id: string;
	body: string;
	deadline: number;
	settled: boolean;
	resolve(reference: { id: string }): void;
	reject(error: Error): void;
}

/** `timeoutMs`: how long a caller waits for its entry to be on disk before the append counts as failed. */
export interface EvidenceLogOptions {
	timeoutMs?: number;
}

/**
 * Canonical (RFC 8785) text of one entry: the exact bytes the log stores and hashes. Half a surrogate pair has no UTF-8
 * and no canonical form; it becomes U+FFFD, so that a name made of one does not keep its refusal out of the log.
 */
export function evidenceBody(entry: EvidenceEntry): string {
	const { facts, ...envelope } = entry;
	return canonicalJson(wellFormed({ ...facts, ...envelope }));
}

function wellFormed(value: unknown): unknown {
	if (typeof value === 'string') return value.replace(/\p{Surrogate}/gu, '\ufffd');
	if (Array.isArray(value)) return value.map(wellFormed);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, item]) => [wellFormed(key), wellFormed(item)]));
}

/**
 * Appends to `governance_evidence` through `governance.append_evidence`. Entries that arrive while one call is under
 * way go together in the next: the head row is locked once per batch, not once per refusal. An entry whose time is up
 * is rejected although a late commit may still store it; the function is idempotent by id, so a retry adds nothing.
 */
export function createEvidenceLog(pool: Pick<Pool, 'query'>, options: EvidenceLogOptions = {}): EvidenceLog {
	const timeoutMs = options.timeoutMs ?? 5_000;
	const queue: Pending[] = [];
	let running = false;

	async function drain(): Promise<void> {
		while (queue.length > 0) {
			const batch = queue.splice(0, MAX_BATCH).filter((entry) => !entry.settled);
			if (batch.length > 0) await write(batch);
		}
	}

	async function write(batch: Pending[]): Promise<void> {
		try {
			await send(pool, batch);
			for (const entry of batch) entry.resolve({ id: entry.id });
		} catch (error) {
			await afterFailure(batch, error);
		}
	}

	async function afterFailure(batch: Pending[], error: unknown): Promise<void> {
		const waiting = batch.filter((entry) => !entry.settled && entry.deadline > Date.now());

		if (isConnectionLost(error)) {
			await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
			queue.unshift(...waiting);
		} else if (waiting.length > 1) {
			// One entry the database cannot take must not cost the others theirs.
			for (const entry of waiting) await write([entry]);
		} else {
			for (const entry of waiting) entry.reject(new Error('evidence was not written', { cause: error }));
		}
	}

	return {
		append(entry, id = randomUUID()) {
			return new Promise((resolve, reject) => {
				const pending = toPending(id, evidenceBody(entry), timeoutMs, resolve, reject);
				queue.push(pending);
				if (running) return;

				running = true;
				void drain().finally(() => {
					running = false;
				});
			});
		},
	};
}

function toPending(
	id: string,
	body: string,
	timeoutMs: number,
	resolve: (reference: { id: string }) => void,
	reject: (error: Error) => void,
): Pending {
	const settle = () => {
		pending.settled = true;
		clearTimeout(timer);
	};

	const timer = setTimeout(
		() => pending.reject(new Error(`evidence was not written within ${timeoutMs} ms`)),
		timeoutMs,
	);

	const pending: Pending = {
		id,
		body,
		deadline: Date.now() + timeoutMs,
		settled: false,
		resolve(reference) {
			settle();
			resolve(reference);
		},
		reject(error) {
			settle();
			reject(error);
		},
	};

	return pending;
}

async function send(pool: Pick<Pool, 'query'>, batch: readonly Pending[]): Promise<void> {
	const entries = batch.map(({ id, body }) => ({ id, body }));
	const { rowCount } = await pool.query('select id from governance.append_evidence($1::jsonb)', [
		JSON.stringify(entries),
	]);
	if (rowCount !== batch.length)
		throw Object.assign(new Error(`stored ${rowCount} of ${batch.length} entries`), { code: 'GD000' });
}
