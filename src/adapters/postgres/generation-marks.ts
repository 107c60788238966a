import type pg from 'pg';

/** More claims than an instance ever has: whoever piles them up wants one of them overlooked. */
const MOST_MARKS = 1_000;

/**
 * The signed marks of applies in the evidence log that claim a later generation than `generation`, newest first. Directus's
 * role may append entries, so only what verifies with the operator's key counts. The condition is that of an index.
 */
export async function marksAbove(client: Pick<pg.ClientBase, 'query'>, generation: number): Promise<string[]> {
	const { rows } = await client.query<{ mark: string }>(
		`select mark from (
			select entry_index, substring(convert_from(body, 'UTF8') from '"generation":([0-9]{1,15})[,}]')::bigint as generation,
				substring(convert_from(body, 'UTF8') from '"mark":"([A-Za-z0-9_.-]+)"') as mark
			from public.governance_evidence where position(decode('226b696e64223a226170706c7922', 'hex') in body) > 0) claimed
		where generation > $1 and mark is not null order by entry_index desc limit $2`,
		[generation, MOST_MARKS + 1],
	);
	if (rows.length > MOST_MARKS) throw new Error('the evidence log claims too many later generations');
	return rows.map(({ mark }) => mark);
}
