export type Surface = 'rest' | 'graphql' | 'ws' | 'mcp' | 'flow' | 'system' | 'cli' | 'db';

/** Who acted, as far as Directus says; ids only, never names or tokens. */
export interface EvidenceActor {
	kind: 'public' | 'user' | 'admin' | 'agent' | 'system' | 'operator';
	user: string | null;
	role: string | null;
}

/** One entry of the log, before canonical serialization. Field names may appear in `facts`, field values never. */
export interface EvidenceEntry {
	v: 1;
	kind: 'refusal' | 'dispatch' | 'apply' | 'grant' | 'hold' | 'probe' | 'census';
	at: string;
	instance: { id: string; environment: string } | null;
	surface: Surface;
	actor: EvidenceActor;
	facts: Record<string, unknown>;
}

/**
 * Appends entries durably; resolves when they are on disk. Rejects when they are not: the caller must refuse then.
 * `id` (uuid) is given where the entry must be named before it is written.
 */
export interface EvidenceLog {
	append(entry: EvidenceEntry, id?: string): Promise<{ id: string }>;
}

/** One entry as `GET /governance/evidence` answers it. `body` is the parsed form of exactly the bytes that were hashed. */
export interface EvidenceRecord {
	index: number;
	id: string;
	/** Hex of SHA-256 over 0x00 and the body (RFC 6962). */
	leaf_hash: string;
	recorded_at: string;
	body: Record<string, unknown>;
}

/** A page of the log, newest first. `next_before` is the `before` of the next page; null on the last. */
export interface EvidencePage {
	entries: EvidenceRecord[];
	next_before: number | null;
}
