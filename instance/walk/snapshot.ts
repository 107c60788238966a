import pg from 'pg';
import { withClient } from '../roles.ts';
import type { Snapshot } from './row.ts';

const quote = pg.escapeIdentifier;

interface Table {
	readonly schema: string;
	readonly name: string;
	readonly key: readonly string[];
}

/** Every governed and registry table with its key columns; ledgers, which grow with every refusal, are left out. */
const TABLES = `
	select n.nspname as schema, c.relname as name,
		array_agg(a.attname::text order by a.attname collate "C") as key
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
	join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
	where c.relkind = 'r' and n.nspname = 'public' and (
		c.relname in (select collection from governance.governed_collections where class <> 'ledger')
		or c.relname in ('dot_tools', 'dot_agent_api_contract', 'table_registry', 'governance_gates',
			'governance_canonical_operation_vocab', 'governance_grants'))
	group by 1, 2 order by 1, 2`;

async function stateOf(client: pg.Client, { schema, name, key }: Table) {
	const order = key.map((column) => `t.${quote(column)}::text collate "C"`).join(', ');
	const { rows } = await client.query<{ rows: number; digest: string }>(
		`select count(*)::int as rows,
			'sha256:' || encode(sha256(convert_to(coalesce(string_agg(t::text, e'\\n' order by ${order}), ''), 'UTF8')), 'hex') as digest
		from ${quote(schema)}.${quote(name)} t`,
	);
	return rows[0] ?? { rows: 0, digest: '' };
}

/** Row count and sha256 over the rows in key order of every governed and registry table, at one moment. */
export function snapshot(operatorUrl: string): Promise<Snapshot> {
	return withClient(operatorUrl, async (client) => {
		await client.query(
			`set search_path = pg_catalog, pg_temp; set timezone = 'UTC'; set datestyle = 'ISO'; set bytea_output = 'hex'`,
		);
		await client.query('begin transaction isolation level repeatable read read only');
		await client.query('set local role governance_owner');
		const { rows } = await client.query<Table>(TABLES);
		const states: Snapshot = {};
		for (const table of rows) states[`${table.schema}.${table.name}`] = await stateOf(client, table);
		await client.query('rollback');
		return states;
	});
}

/** Names of the tables that differ. */
export function differences(before: Snapshot, after: Snapshot): string[] {
	const names = new Set([...Object.keys(before), ...Object.keys(after)]);
	return [...names].filter(
		(name) => before[name]?.rows !== after[name]?.rows || before[name]?.digest !== after[name]?.digest,
	);
}
