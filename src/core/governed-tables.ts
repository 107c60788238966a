/** How a table is guarded: `governed` and `registry` rows carry a birth certificate, a `ledger` only grows. */
export type GuardClass = 'governed' | 'registry' | 'ledger' | 'internal';

export interface GuardedTable {
	schema: 'public' | 'governance';
	name: string;
	key: string;
	class: GuardClass;
	/** Absent: nobody but governance_writer writes here. */
	stewards?: StewardAccess | undefined;
}

/** What Directus's role may do to a table that has stewards. Each statement still needs a permit. */
export interface StewardAccess {
	role: string;
	inserts: readonly string[];
	updates: readonly string[];
	deletes: boolean;
}

/** The product's own tables that are guarded in every instance. Source: DESIGN.md §4, "Tables". */
export const OWN_TABLES: readonly GuardedTable[] = [
	{ schema: 'public', name: 'dot_tools', key: 'code', class: 'registry' },
	{ schema: 'public', name: 'dot_agent_api_contract', key: 'tool', class: 'registry' },
	{ schema: 'public', name: 'table_registry', key: 'table_name', class: 'registry' },
	{ schema: 'public', name: 'governance_gates', key: 'id', class: 'registry' },
	{ schema: 'public', name: 'governance_canonical_operation_vocab', key: 'operation', class: 'registry' },
	{ schema: 'public', name: 'governance_grants', key: 'id', class: 'registry' },
	{ schema: 'public', name: 'governance_evidence', key: 'entry_index', class: 'ledger' },
	{ schema: 'public', name: 'governance_reviews', key: 'id', class: 'ledger' },
	{ schema: 'governance', name: 'policy', key: 'generation', class: 'ledger' },
	{ schema: 'governance', name: 'applies', key: 'id', class: 'ledger' },
	{ schema: 'governance', name: 'governed_collections', key: 'collection', class: 'internal' },
	{ schema: 'governance', name: 'birth_certificates', key: 'collection', class: 'internal' },
	{ schema: 'governance', name: 'taken_tables', key: 'collection', class: 'internal' },
	{ schema: 'governance', name: 'evidence_head', key: 'singleton', class: 'internal' },
	{ schema: 'governance', name: 'dispatch_claims', key: 'token', class: 'internal' },
	{ schema: 'governance', name: 'flow_policy', key: 'singleton', class: 'internal' },
	{ schema: 'governance', name: 'grant_uses', key: 'claim', class: 'internal' },
	{ schema: 'governance', name: 'migrations', key: 'id', class: 'internal' },
	{ schema: 'governance', name: 'steward_rules', key: 'name', class: 'internal' },
	{ schema: 'governance', name: 'steward_tables', key: 'collection', class: 'internal' },
	{ schema: 'governance', name: 'permits', key: 'id', class: 'internal' },
	{ schema: 'governance', name: 'steward_writes', key: 'id', class: 'ledger' },
];

export interface GuardTrigger {
	name: string;
	/** As `pg_get_triggerdef` prints it, so that a look-alike is told apart by comparing text. */
	definition: string;
}

/**
 * The triggers that guard one table. Names sort so that PostgreSQL fires the last look last. `qualifiedName` is the table
 * as PostgreSQL quotes it. The key column was named by whoever made the table, so it may hold anything, quotes included.
 */
export function guardTriggersOf(
	{ key, class: tableClass, stewards }: GuardedTable,
	qualifiedName: string,
): GuardTrigger[] {
	const guardClass = stewards ? 'stewarded' : tableClass;
	const whom = stewards ? `'stewarded', '${stewards.role}'` : `'${tableClass}'`;
	const trigger = (triggerName: string, when: string, call: string): GuardTrigger => ({
		name: triggerName,
		definition: `CREATE TRIGGER ${triggerName} ${when.replace('TABLE', () => qualifiedName)} FOR EACH STATEMENT EXECUTE FUNCTION governance.${call}`,
	});
	const statement = [
		trigger(
			'governance_a_assert_safe',
			'BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON TABLE',
			`fn_assert_safe_for_dot_action(${whom})`,
		),
		trigger(
			'governance_z_block_after',
			'AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON TABLE',
			`block_after_guard(${whom})`,
		),
	];
	if (guardClass === 'ledger' || guardClass === 'internal') return statement;
	const gate = `${stewards ? 'fn_steward_gate' : 'fn_birth_gate'}('${guardClass}', '${key.replaceAll("'", "''")}')`;
	return [
		...statement,
		trigger('governance_m_birth_insert', 'AFTER INSERT ON TABLE REFERENCING NEW TABLE AS new_rows', gate),
		trigger('governance_m_birth_delete', 'AFTER DELETE ON TABLE REFERENCING OLD TABLE AS old_rows', gate),
		trigger(
			'governance_m_birth_update',
			'AFTER UPDATE ON TABLE REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows',
			gate,
		),
	];
}

/** Directus's tables whose rows are guarded one by one, with what a row of each describes. */
export const METADATA_TABLES = [
	{ name: 'directus_collections', describes: 'collections' },
	{ name: 'directus_fields', describes: 'fields' },
	{ name: 'directus_relations', describes: 'relations' },
	{ name: 'directus_extensions', describes: 'extensions' },
	{ name: 'directus_flows', describes: 'flows' },
	{ name: 'directus_operations', describes: 'operations' },
	{ name: 'directus_activity', describes: 'activity' },
	{ name: 'directus_revisions', describes: 'revisions' },
] as const;

type Describes = (typeof METADATA_TABLES)[number]['describes'];

/**
 * Collections of Directus whose entries in its audit trail are kept, beside those of governed collections: they decide who may do
 * what, what flows do and how collections look. `governance.audit_locked` lists the same.
 */
export const AUDITED_COLLECTIONS = [
	'directus_access',
	'directus_collections',
	'directus_extensions',
	'directus_fields',
	'directus_flows',
	'directus_operations',
	'directus_permissions',
	'directus_policies',
	'directus_relations',
	'directus_roles',
] as const;

/** The function that judges a row, the events it looks at, and who refuses to empty the table, if anybody. */
function rowGuardOf(describes: Describes): { call: string; events: string; truncate?: string } {
	switch (describes) {
		case 'flows':
		case 'operations':
			return { call: `fn_guard_flows('${describes}')`, events: 'INSERT OR UPDATE' };
		case 'activity':
		case 'revisions':
			return { call: 'fn_guard_audit()', events: 'DELETE OR UPDATE', truncate: 'fn_guard_audit()' };
		case 'collections':
		case 'fields':
		case 'relations':
		case 'extensions':
			return {
				call: `fn_block_metadata('${describes}')`,
				events: 'INSERT OR DELETE OR UPDATE',
				truncate: 'fn_block_metadata_truncate()',
			};
		default:
			return describes satisfies never;
	}
}

/**
 * The triggers on one of Directus's metadata tables: before each row for a clear answer, after it because a trigger that
 * sorts later may still change the row.
 */
export function metadataTriggersOf({ name, describes }: (typeof METADATA_TABLES)[number]): GuardTrigger[] {
	const { call, events, truncate } = rowGuardOf(describes);
	const trigger = (triggerName: string, when: string, each: string, run: string): GuardTrigger => ({
		name: triggerName,
		definition: `CREATE TRIGGER ${triggerName} ${when} ON public.${name} FOR EACH ${each} EXECUTE FUNCTION governance.${run}`,
	});
	return [
		trigger('governance_metadata_guard', `BEFORE ${events}`, 'ROW', call),
		trigger('governance_metadata_last_look', `AFTER ${events}`, 'ROW', call),
		...(truncate ? [trigger('governance_metadata_truncate', 'BEFORE TRUNCATE', 'STATEMENT', truncate)] : []),
	];
}
