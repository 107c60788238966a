import type { CensusCollection } from './impossible.ts';
import { ask, type DirectusAccess } from './request.ts';

interface Rows {
	data?: Record<string, unknown>[];
}

/** The governed collections among those this token sees, content first: what an instance is governed for. */
export async function visibleCollections(
	access: DirectusAccess,
	governed: readonly string[],
): Promise<CensusCollection[]> {
	const [collections, fields] = await Promise.all([ask(access, 'collections'), ask(access, 'fields')]);
	const found = new Map(
		(
			((collections.body as Rows).data ?? []) as {
				collection: string;
				meta: { sort_field?: unknown; singleton?: unknown } | null;
			}[]
		).map((row) => [row.collection, row]),
	);
	const keys = (
		((fields.body as Rows).data ?? []) as {
			collection: string;
			field: string;
			type: string;
			schema: { is_primary_key?: boolean } | null;
		}[]
	).filter(({ schema }) => schema?.is_primary_key);
	return governed.flatMap((name) => {
		const [row, key] = [found.get(name), keys.find(({ collection }) => collection === name)];
		// A singleton takes every update for one of its row, whatever key the request names.
		if (!row || !key || row.meta?.singleton) return [];
		return [
			{
				name,
				key: key.field,
				sorted: Boolean(row.meta?.sort_field),
			},
		];
	});
}
