import type { Pool } from 'pg';
import type { EvidenceRecord } from '../../contracts/evidence.ts';
import type { EvidenceReader } from '../../service/posture/ports.ts';

interface Row {
	entry_index: string;
	id: string;
	leaf_hash: Buffer;
	body: Buffer;
	recorded_at: Date;
}

const COLUMNS = 'entry_index, id, leaf_hash, body, recorded_at';

/** Reads the log through Directus's own role, which may select from it and nothing more. */
export function createEvidenceReader(pool: Pick<Pool, 'query'>): EvidenceReader {
	return {
		async page({ limit, before, kind, surface }) {
			// The body decides what an entry is; the columns beside it carry no copy that could disagree with it.
			const { rows } = await pool.query<Row>(
				`select ${COLUMNS} from public.governance_evidence
				where ($1::bigint is null or entry_index < $1)
					and ($2::text is null or convert_from(body, 'UTF8')::jsonb ->> 'kind' = $2)
					and ($3::text is null or convert_from(body, 'UTF8')::jsonb ->> 'surface' = $3)
				order by entry_index desc limit $4`,
				[before, kind, surface, limit],
			);
			return rows.map(toRecord);
		},
		async entry(id) {
			const { rows } = await pool.query<Row>(`select ${COLUMNS} from public.governance_evidence where id = $1`, [id]);
			return rows[0] === undefined ? null : toRecord(rows[0]);
		},
	};
}

function toRecord({ entry_index, id, leaf_hash, body, recorded_at }: Row): EvidenceRecord {
	return {
		index: Number(entry_index),
		id,
		leaf_hash: leaf_hash.toString('hex'),
		recorded_at: recorded_at.toISOString(),
		body: JSON.parse(body.toString('utf8')) as Record<string, unknown>,
	};
}
