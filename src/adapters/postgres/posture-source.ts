import type { Pool } from 'pg';
import type { Switches } from '../../core/dispatch-facts.ts';
import type { PostureSource } from '../../service/posture/ports.ts';
import { readActiveFlows } from './flow-reader.ts';
import { readStrengthFacts } from './strength-facts.ts';

interface Row {
	generation: string | null;
	gates: Switches | null;
}

export function createPostureSource(pool: Pool): PostureSource {
	return {
		async read(directusRole) {
			const { rows } = await pool.query<Row>(
				`select (select max(generation) from governance.policy)::text as generation,
					(select to_jsonb(g) from public.governance_gates g where g.id = 1) as gates`,
			);
			const strength = await readStrengthFacts(pool, directusRole);
			const flows = await readActiveFlows(pool);
			const [row] = rows;
			return {
				generation: row?.generation ? Number(row.generation) : null,
				gates: row?.gates ?? null,
				strength,
				flows,
			};
		},
	};
}
