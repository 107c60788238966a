import type pg from 'pg';
import { lockPlainTables } from './registrar/plain-table.ts';

/** Entries of this bundle, under the names Directus stores them by. `governance.subject_of_metadata` guards the same. */
const ENTRIES = ['governed-guard', 'governance', 'governance-module'];

/**
 * Whether Directus would load this bundle whole. `absent`: it never started with it. `incomplete`: rows are missing or
 * switched off, which the guards would have refused. The database guards governed rows in any case.
 */
export type BundleRows = { state: 'complete' | 'absent' } | { state: 'incomplete'; wrong: string[] };

/** Null where `directus_extensions` is no plain table: reading it could run what somebody planted there. */
export async function readBundleRows(client: Pick<pg.Client, 'query'>): Promise<BundleRows | null> {
	await client.query('begin');
	try {
		const faults = await lockPlainTables(client, ['public.directus_extensions']);
		return faults.length > 0 ? null : await readRows(client);
	} finally {
		await client.query('rollback');
	}
}

async function readRows(client: Pick<pg.Client, 'query'>): Promise<BundleRows> {
	const { rows } = await client.query<{ folder: string; enabled: boolean }>(
		`select e.folder, e.enabled and coalesce(b.enabled, false) as enabled
		from public.directus_extensions e left join public.directus_extensions b on b.id = e.bundle
		where e.folder = any ($1) and e.bundle is not null`,
		[ENTRIES],
	);
	if (rows.length === 0) return { state: 'absent' };
	const wrong = ENTRIES.flatMap((name) => {
		const found = rows.filter(({ folder }) => folder === name);
		if (found.length === 0) return [`${name} is missing`];
		return found.every(({ enabled }) => enabled) ? [] : [`${name} is switched off`];
	});
	return wrong.length === 0 ? { state: 'complete' } : { state: 'incomplete', wrong };
}
