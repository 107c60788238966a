import type { SourceName } from './rows.ts';

export interface Source {
	name: SourceName;
	schema: 'public' | 'governance';
	/** Column name to the expression that reads it; the first column is the key, and the order. */
	columns: Record<string, string>;
	/** What the answer lacks when this source cannot be read. */
	consequence: string;
	/** Columns that matter to the graph and are never read, with the reason in the consequence. */
	withheld?: { columns: string[]; consequence: string };
}

const plain = (...names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, name]));

/** The same instant is the same text, whatever the session's time zone and date style. */
const time = (name: string): Record<string, string> => ({
	[name]: `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
});

const text = (...names: string[]): Record<string, string> =>
	Object.fromEntries(names.map((name) => [name, `${name}::text`]));

/**
 * Every table the graph is built from. Options of flows and operations are where Directus keeps request headers and
 * other secrets, so they are not read even where a role could.
 */
export const SOURCES: readonly Source[] = [
	{
		name: 'dot_tools',
		schema: 'public',
		columns: {
			...plain('code', 'title', 'verb', 'object', 'version', 'path', 'channel', 'status'),
			...time('last_executed'),
		},
		consequence: 'which tools are registered is not known',
	},
	{
		name: 'dot_agent_api_contract',
		schema: 'public',
		columns: plain('tool', 'version', 'executor', 'modes', 'side_effects', 'callers', 'digest'),
		consequence: 'contracts, and the executors they name, are not known',
	},
	{
		name: 'governance_gates',
		schema: 'public',
		columns: plain('id', 'dispatch_enabled', 'dry_run_only', 'execute_enabled', 'real_run_enabled'),
		consequence: 'the state of the gates is not known',
	},
	{
		name: 'governance_grants',
		schema: 'public',
		columns: {
			...text('id'),
			...plain('tool', 'caller', 'modes', 'contract_digest', 'lane'),
			...time('expires_at'),
			...plain('max_uses'),
			...time('revoked_at'),
		},
		consequence: 'grants are not known',
	},
	{
		name: 'table_registry',
		schema: 'public',
		columns: plain('table_name', 'class', 'purpose'),
		consequence: 'class and purpose of registered tables are not known',
	},
	{
		name: 'governed_collections',
		schema: 'governance',
		columns: plain('collection', 'class'),
		consequence: 'which collections the guards protect is not known',
	},
	{
		name: 'directus_collections',
		schema: 'public',
		columns: plain('collection', 'hidden'),
		consequence: 'which collections Directus shows is not known',
	},
	{
		name: 'directus_flows',
		schema: 'public',
		columns: { ...text('id'), ...plain('name', 'status', 'trigger') },
		consequence: 'flows are not known',
		withheld: {
			columns: ['options'],
			consequence: 'which collections trigger a flow is not shown: options can hold secrets',
		},
	},
	{
		name: 'directus_operations',
		schema: 'public',
		columns: { ...text('id', 'flow'), ...plain('type') },
		consequence: 'what flows do is not known',
		withheld: {
			columns: ['options'],
			consequence: 'which tools and collections an operation names is not shown: options can hold secrets',
		},
	},
];

/** Reads all columns of a source in the order of its key, byte-wise, so that no collation changes an answer. */
export function selectOf({ schema, name, columns }: Source): string {
	const list = Object.entries(columns).map(([column, expression]) => `${expression} as ${column}`);
	const [key] = Object.keys(columns);
	return `select ${list.join(', ')} from ${schema}.${name} order by ${schema}.${name}.${key}::text collate "C"`;
}
