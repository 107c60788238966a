import type { WriteAction } from '../../core/decide-write.ts';
import type { WriteSubject } from '../../service/guard/write-guard.ts';
import type { WritingService } from './directus-types.ts';
import { uuidsIn } from './keys.ts';

/** Names under which Directus stores this bundle and the entry that is this guard. The folder of a bundle is anybody's choice. */
const OWN_NAMES = ['governed-guard', 'directus-extension-governed-dispatch'];

/** Columns that name the collections a row describes. */
const DESCRIBING: Readonly<Record<string, readonly string[]>> = {
	directus_collections: ['collection'],
	directus_fields: ['collection'],
	directus_relations: ['many_collection', 'one_collection', 'one_allowed_collections'],
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

/** A folder of collections that goes takes its name out of the rows of those in it, with raw SQL. */
export async function withCollectionsIn(service: WritingService, group: string): Promise<WriteSubject> {
	const inside = service.knex
		? await service.knex.select('collection').from('directus_collections').whereIn('group', [group])
		: [];
	return { kind: 'structure', collections: [group, ...inside.map((row) => String(row.collection))] };
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
	if (isDirectus && !(action === 'update' && switches)) return undefined;
	// Directus looks a bundle up by its folder: a second row of that name could stand for it.
	const { folder, bundle } = (payload ?? {}) as { folder?: unknown; bundle?: unknown };
	if (OWN_NAMES.includes(String(folder))) return { kind: 'bundle' };
	return bundleAmong(service, [...keys, bundle]);
}

/** Whether this bundle or one of its entries is among the rows with these ids. */
export async function bundleAmong(service: WritingService, ids: readonly unknown[]): Promise<WriteSubject | undefined> {
	const keys = uuidsIn(ids);
	if (!service.knex || keys.length === 0) return undefined;

	const own = await service.knex.select('id', 'bundle').from('directus_extensions').whereIn('folder', OWN_NAMES);
	const ours = new Set<unknown>(own.flatMap((row) => [row.id, row.bundle]).filter((id) => id !== null));
	const touched = await service.knex.select('id', 'bundle').from('directus_extensions').whereIn('id', keys);
	return touched.some((row) => ours.has(row.id) || ours.has(row.bundle)) ? { kind: 'bundle' } : undefined;
}

function valuesIn(row: unknown, columns: readonly string[]): string[] {
	if (row === null || typeof row !== 'object') return [];

	return columns.flatMap((column) => {
		const value = (row as Record<string, unknown>)[column];
		// A list of collections is an array in a payload and text in the row.
		if (Array.isArray(value)) return value.map(String);
		return typeof value === 'string' ? value.split(',').map((name) => name.trim()) : [];
	});
}
