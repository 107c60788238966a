import type pg from 'pg';
import { canonicalJson, digestOf } from '../../service/canonical.ts';

type Row = Record<string, unknown>;

/**
 * What of a describing row counts. Left out are serial ids, which a row made anew does not keep, and what only paints or
 * sorts the Data Studio. A column of a later Directus counts once this package knows it, so an upgrade alone is no drift.
 * Source: Directus 12.4.
 */
const COUNTED = {
	collections:
		'collection note display_template hidden singleton translations archive_field archive_app_filter archive_value unarchive_value sort_field accountability item_duplication_fields group preview_url versioning status',
	fields:
		'collection field special interface options display display_options readonly hidden translations note conditions required group validation validation_message searchable',
	relations:
		'many_collection many_field one_collection one_field one_collection_field one_allowed_collections junction_field sort_field one_deselect_action',
} as const;

type Kind = keyof typeof COUNTED;
const KINDS = Object.keys(COUNTED) as Kind[];

/**
 * One digest per collection over the rows in `directus_collections`, `directus_fields` and `directus_relations` that
 * describe it. The registrar signs them; whoever reads others later sees rows that were edited while a guard was off. A
 * collection without any row has a digest too. The caller knows that these tables are what they seem.
 */
export async function describedDigests(
	client: Pick<pg.Client, 'query'>,
	collections: readonly string[],
): Promise<Record<string, string>> {
	const { rows } = await client.query<{ kind: Kind; row: Row }>(
		`select 'collections' as kind, to_jsonb(t) as row from public.directus_collections t where t.collection = any ($1)
		union all select 'fields', to_jsonb(t) from public.directus_fields t where t.collection = any ($1)
		union all select 'relations', to_jsonb(t) from public.directus_relations t
			where t.many_collection = any ($1) or t.one_collection = any ($1) or t.one_allowed_collections is not null`,
		[collections],
	);
	const described = new Map(collections.map((name) => [name, { collections: [], fields: [], relations: [] } as Rows]));
	for (const { kind, row } of rows) {
		const counted = Object.fromEntries(COUNTED[kind].split(' ').map((column) => [column, row[column] ?? null]));
		for (const name of new Set(namesIn(kind, row))) described.get(String(name))?.[kind].push(canonicalJson(counted));
	}
	return Object.fromEntries([...described].map(([name, found]) => [name, digestOf(inOrder(found))]));
}

type Rows = Record<Kind, string[]>;

const inOrder = (found: Rows): Rows =>
	Object.fromEntries(KINDS.map((kind) => [kind, found[kind].sort()])) as unknown as Rows;

/** A list typed by hand carries spaces and quotes; a collection's name has none. As `governance.subject_of_metadata` reads it. */
function namesIn(kind: Kind, row: Row): unknown[] {
	if (kind !== 'relations') return [row.collection];
	const listed = typeof row.one_allowed_collections === 'string' ? row.one_allowed_collections.split(',') : [];
	const names = listed.map((name) => name.replace(/^[^A-Za-z0-9_]+|[^A-Za-z0-9_]+$/g, ''));
	return [row.many_collection, row.one_collection, ...names];
}

/** Collections whose description is not the signed one, by name; those nobody signed are among them. */
export function changedDescriptions(
	signed: Readonly<Record<string, string>>,
	found: Readonly<Record<string, string>>,
): string[] {
	return Object.keys(found).filter((name) => found[name] !== signed[name]);
}
