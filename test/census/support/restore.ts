import { GOVERNED, OPEN, UNGOVERNABLE } from './fingerprint.ts';
import type { Side } from './types.ts';

const CONTENT = [...GOVERNED, UNGOVERNABLE, ...OPEN];

/** Keeps the rows of a side, for {@link restoreRows}: in a schema Directus does not look at. */
export async function keepRows(side: Side): Promise<void> {
	const copies = CONTENT.map((table) => `create table census.${table} as table public.${table}`);
	await side.sql(`create schema census; ${copies.join('; ')}`);
}

/** Puts the rows back; the governed tables only where they are not guarded, for nobody can where they are. */
export async function restoreRows(side: Side): Promise<void> {
	const tables = side.name === 'baseline' ? CONTENT : OPEN;
	const statements = tables.map(
		(table) => `delete from public.${table}; insert into public.${table} select * from census.${table}`,
	);
	await side.sql(`begin; set local session_replication_role = replica; ${statements.join('; ')}; commit`);
}
