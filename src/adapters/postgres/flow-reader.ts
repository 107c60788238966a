import type { Pool } from 'pg';
import type { Flow } from '../../core/flow-shape.ts';

/** The flows Directus loads, as they are stored; a running node may still run what stood there at its last reload. */
export async function readActiveFlows(pool: Pick<Pool, 'query'>): Promise<Flow[]> {
	const { rows } = await pool.query<Flow>(
		`select f.id, f.status, f.trigger, f.accountability, f.options, f.operation, coalesce((
				select json_agg(json_build_object('id', o.id, 'key', o.key, 'type', o.type, 'options', o.options,
					'resolve', o.resolve, 'reject', o.reject) order by o.id)
				from public.directus_operations o where o.flow = f.id), '[]') as operations
		from public.directus_flows f where f.status = 'active' order by f.id`,
	);
	return rows;
}
