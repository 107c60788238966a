import type { PolicyDocument } from '../../contracts/policy.ts';
import { type GuardClass, OWN_TABLES } from '../../core/governed-tables.ts';

/** A table that must be guarded here: the product's own, and the content tables the policy names. */
export interface WatchedTable {
	schema: 'public' | 'governance';
	name: string;
	class: GuardClass;
	/** Null for a content table, whose key only the database knows. */
	key: string | null;
}

export function watchedTables({ governed }: Pick<PolicyDocument, 'governed'>): WatchedTable[] {
	const own = new Set(OWN_TABLES.filter(({ schema }) => schema === 'public').map(({ name }) => name));
	return [
		...OWN_TABLES.map(({ schema, name, key, class: guardClass }) => ({
			schema,
			name,
			key,
			class: guardClass,
		})),
		...governed
			.filter(({ collection }) => !own.has(collection))
			.map(({ collection, class: guardClass }) => ({
				schema: 'public' as const,
				name: collection,
				key: null,
				class: guardClass,
			})),
	];
}
