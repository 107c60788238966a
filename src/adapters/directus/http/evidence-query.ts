import { z } from 'zod';
import { faultsOf } from '../../../contracts/faults.ts';
import type { EvidenceQuery } from '../../../service/posture/ports.ts';

const MOST_ENTRIES = 200;
const DEFAULT_ENTRIES = 50;

const index = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const querySchema = z.object({
	limit: z.coerce.number().int().min(1).max(MOST_ENTRIES).default(DEFAULT_ENTRIES),
	before: index.nullable().default(null),
	kind: z.enum(['refusal', 'dispatch', 'apply', 'grant', 'hold', 'probe', 'census']).nullable().default(null),
	surface: z.enum(['rest', 'graphql', 'ws', 'mcp', 'flow', 'system', 'cli', 'db']).nullable().default(null),
});

export type EvidenceQueryReading = { kind: 'ok'; query: EvidenceQuery } | { kind: 'faulty'; faults: string[] };

/** Reads the query string of `GET /governance/evidence`. Unknown names are left to Directus (`access_token`, …). */
export function readEvidenceQuery(query: Record<string, unknown>): EvidenceQueryReading {
	const parsed = querySchema.safeParse(query);
	if (parsed.success) return { kind: 'ok', query: parsed.data };
	return { kind: 'faulty', faults: faultsOf(parsed.error) };
}

export function isUuid(text: string | undefined): text is string {
	return z.uuid().safeParse(text).success;
}
