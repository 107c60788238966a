import type { Change, Fault } from '../../../service/ports/registrar.ts';
import { lockPlainTable } from './plain-table.ts';
import { rowsOf, type Sql } from './session.ts';

/** Active collections the free tier of Directus 12 allows. Source: DESIGN.md §4. */
const FREE_TIER_COLLECTIONS = 25;

/**
 * Lets Directus show the named tables as collections. Directus counts active collections against its licence, so rows
 * are added only while the free tier's number, which every instance has, is not exceeded; beyond it `plan` says so.
 */
export async function ensureExposure(client: Sql, expose: string[]): Promise<{ changes: Change[]; faults: Fault[] }> {
	const faults = await lockPlainTable(client, 'public.directus_collections');
	if (faults.length > 0) return { changes: [], faults };
	const present = await rowsOf<{ collection: string; active: boolean }>(
		client,
		`select c.collection, c.status = 'active' and to_regclass(format('public.%I', c.collection)) is not null as active
		from public.directus_collections c`,
	);
	const missing = expose.filter((name) => !present.some(({ collection }) => collection === name));
	if (missing.length === 0) return { changes: [], faults: [] };
	const active = present.filter((row) => row.active).length;
	if (active + missing.length > FREE_TIER_COLLECTIONS) {
		return {
			changes: [],
			faults: [
				{
					subject: 'expose',
					problem: `${active} collections are active; showing ${missing.join(', ')} would exceed the ${FREE_TIER_COLLECTIONS} that every licence allows`,
					fix: 'shorten "expose" in directus.config.ts, down to [] if need be: the tables stay readable through /governance',
				},
			],
		};
	}
	await client.query('grant select, insert on public.directus_collections to governance_writer');
	await client.query('set local role governance_writer');
	await client.query(
		`insert into public.directus_collections (collection, icon, note, hidden, singleton, accountability, collapse)
		select name, 'gavel', 'Governed: read-only here. Changes go through the operator''s governed apply.', false, false, 'all', 'open'
		from unnest($1::text[]) name`,
		[missing],
	);
	await client.query('reset role');
	await client.query('revoke select, insert on public.directus_collections from governance_writer');
	return {
		changes: missing.map((collection) => ({
			action: 'add',
			area: 'exposure',
			subject: collection,
			detail: 'shown in Directus, read-only',
		})),
		faults: [],
	};
}
