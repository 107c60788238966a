import type { WriteAction } from '../../core/decide-write.ts';
import type { WriteSubject } from '../../service/guard/write-guard.ts';
import type { WritingService } from './directus-types.ts';

/** Name of the entry that is this guard, as Directus stores it beside the bundle's row. */
const OWN_ENTRY = 'governed-guard';

/** Columns that name the collections a row describes. */
const DESCRIBING: Readonly<Record<string, readonly string[]>> = {
	directus_collections: ['collection'],
	directus_fields: ['collection'],
	directus_relations: ['many_collection', 'one_collection'],
};

export function isStructural(collection: string): boolean {
	return Object.hasOwn(DESCRIBING, collection);
}

/** The collections that the stored rows `keys` and the new values in `payload` describe. */
export async function describedByRows(
	service: WritingService,
	collection: string,
	keys: readonly unknown[],
	payload: unknown,
): Promise<WriteSubject> {
	const columns = DESCRIBING[collection] ?? [];
	const named = valuesIn(payload, columns);

	// The key of directus_collections is the name itself; the others have a serial id.
	if (collection === 'directus_collections') return { kind: 'structure', collections: [...named, ...keys.map(String)] };
	if (keys.length === 0 || !service.knex) return { kind: 'structure', collections: named };

	const rows = await service.knex
		.select(...columns)
		.from(collection)
		.whereIn('id', keys);
	return { kind: 'structure', collections: [...named, ...rows.flatMap((row) => valuesIn(row, columns))] };
}

/**
 * Whether a write touches the rows that load this bundle. Directus itself adds, moves and removes rows without
 * accountability when it finds extensions on disk; it never switches one off that way.
 */
export async function bundleRows(
	service: WritingService,
	action: WriteAction,
	keys: readonly unknown[],
	payload: unknown,
): Promise<WriteSubject | undefined> {
	const isDirectus = !service.accountability;
	const switches = payload !== null && typeof payload === 'object' && 'enabled' in payload;
	if (action === 'create' || !service.knex || (isDirectus && !(action === 'update' && switches))) return undefined;

	const own = await service.knex.select('id', 'bundle').from('directus_extensions').whereIn('folder', [OWN_ENTRY]);
	const ids = new Set(own.flatMap((row) => [row.id, row.bundle]));
	const touched = await service.knex.select('id', 'bundle').from('directus_extensions').whereIn('id', keys);
	return touched.some((row) => ids.has(row.id) || ids.has(row.bundle)) ? { kind: 'bundle' } : undefined;
}

function valuesIn(row: unknown, columns: readonly string[]): string[] {
	if (row === null || typeof row !== 'object') return [];

	return columns.flatMap((column) => {
		const value = (row as Record<string, unknown>)[column];
		return typeof value === 'string' ? [value] : [];
	});
}
