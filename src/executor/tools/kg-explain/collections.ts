import type { GraphNode } from './node.ts';
import type { GraphSources } from './rows.ts';

/** Tables of schema public go by their bare name, as Directus names collections; others keep their schema. */
function collectionName(table: string): string {
	return table.startsWith('public.') ? table.slice('public.'.length) : table;
}

/** One node for each table that the registry, the guards or Directus know, with what each of the three says. */
export function collectionNodes(rows: GraphSources['rows']): GraphNode[] {
	const nodes = new Map<string, GraphNode>();
	const factsOf = (name: string): GraphNode['facts'] => {
		const id = `collection:${name}`;
		const node = nodes.get(id) ?? { id, kind: 'collection', title: name, presence: 'registered', facts: unsaid(rows) };
		nodes.set(id, node);
		return node.facts;
	};
	for (const { table_name, class: registeredClass, purpose } of rows.table_registry ?? []) {
		Object.assign(factsOf(collectionName(table_name)), { registered_class: registeredClass, purpose });
	}
	for (const { collection, class: guardClass } of rows.governed_collections ?? []) {
		factsOf(collection).guard_class = guardClass;
	}
	for (const { collection, hidden } of rows.directus_collections ?? []) {
		Object.assign(factsOf(collection), { in_directus: true, hidden });
	}
	return [...nodes.values()];
}

/** `null` says that a source says nothing of the table; the fact is left out where the source is not readable. */
function unsaid(rows: GraphSources['rows']): GraphNode['facts'] {
	return {
		...(rows.table_registry === null ? {} : { registered_class: null, purpose: null }),
		...(rows.governed_collections === null ? {} : { guard_class: null }),
		...(rows.directus_collections === null ? {} : { in_directus: false }),
	};
}

/**
 * Finds the collections whose name a tool's object spells out: "price list" names `price_list`. The registry has no
 * other link between tools and collections, so this one is by name and is worded so.
 */
export function collectionsNamedBy(collections: readonly GraphNode[]): (object: string) => string[] {
	const known = new Set(collections.map(({ id }) => id));
	return (object) => {
		const snakeCase = object
			.trim()
			.toLowerCase()
			.replace(/[\s-]+/g, '_');
		return [...new Set([object, snakeCase])].map((name) => `collection:${name}`).filter((id) => known.has(id));
	};
}
