import type { PolicyDocument } from '../../contracts/policy.ts';
import { type GuardClass, OWN_TABLES } from '../../core/governed-tables.ts';

/** A table that must be guarded here: the product's own, and the content tables the policy names. */
export interface WatchedTable {
	schema: 'public' | 'governance';
	name: string;
	class: GuardClass;
	/** Null for a content table, whose key only the database knows. */
	key: string | null;
	rules: PolicyDocument['governed'][number]['stewards'];
}

export function watchedTables({ governed }: Pick<PolicyDocument, 'governed'>): WatchedTable[] {
	const own = new Set(OWN_TABLES.filter(({ schema }) => schema === 'public').map(({ name }) => name));
	return [
		...OWN_TABLES.map(({ schema, name, key, class: guardClass }) => ({
			schema,
			name,
			key,
			class: guardClass,
			rules: [],
		})),
		...governed
			.filter(({ collection }) => !own.has(collection))
			.map(({ collection, class: guardClass, stewards }) => ({
				schema: 'public' as const,
				name: collection,
				key: null,
				rules: stewards,
				class: guardClass,
			})),
	];
}

/** Whether policy gives Directus's role a privilege on this table: `DELETE`, `INSERT (title)`. Each use still needs a permit. */
export function isStewarded({ rules }: WatchedTable, key: string, privilege: string): boolean {
	const [, verb = '', column] = /^([A-Z]+)(?: \((.+)\))?$/.exec(privilege) ?? [];
	const action = ACTION_OF[verb];
	const lawful = rules.filter(({ actions }) => actions.some((each) => each === action));
	if (action === 'delete') return column === undefined && lawful.length > 0;
	if (column === undefined) return false;
	// A key is given to a new row and never changed.
	if (column === key) return action === 'create' && lawful.length > 0;
	return lawful.some(({ fields }) => fields === '*' || fields.includes(column));
}

const ACTION_OF: Readonly<Record<string, 'create' | 'update' | 'delete'>> = {
	INSERT: 'create',
	UPDATE: 'update',
	DELETE: 'delete',
};
