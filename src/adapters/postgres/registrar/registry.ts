import { canonicalJson } from '../../../service/canonical.ts';
import type { Change, DesiredState, RegistryTable } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

const KEYS: Record<RegistryTable, string> = {
	dot_tools: 'code',
	dot_agent_api_contract: 'tool',
	table_registry: 'table_name',
	governance_gates: 'id',
};

type Row = Record<string, unknown>;

interface Difference {
	table: RegistryTable;
	added: Row[];
	changed: { row: Row; detail: string }[];
	removed: string[];
}

/**
 * Writes the declared registry rows as governance_writer, one statement per table and kind of change. Removals run in
 * the order of the foreign keys: contracts before tools.
 */
export async function ensureRegistry(client: Sql, registry: DesiredState['registry']): Promise<Change[]> {
	const differences: Difference[] = [];
	for (const table of Object.keys(KEYS) as RegistryTable[]) {
		differences.push(await difference(client, table, registry[table]));
	}
	await client.query('set local role governance_writer');
	for (const { table, removed } of [...differences].reverse()) {
		if (removed.length === 0) continue;
		await client.query(`delete from public.${table} where ${KEYS[table]}::text = any ($1)`, [removed]);
	}
	for (const { table, added, changed } of differences) {
		if (added.length > 0) await insertRows(client, table, added);
		if (changed.length > 0)
			await updateRows(
				client,
				table,
				changed.map(({ row }) => row),
			);
	}
	await client.query('reset role');
	return differences.flatMap(describe);
}

async function difference(client: Sql, table: RegistryTable, desired: Row[]): Promise<Difference> {
	const key = KEYS[table];
	const present = new Map<string, Row>();
	for (const { row } of await rowsOf<{ row: Row }>(client, `select to_jsonb(t) as row from public.${table} t`)) {
		present.set(String(row[key]), row);
	}
	const added: Row[] = [];
	const changed: Difference['changed'] = [];
	for (const row of desired) {
		const found = present.get(String(row[key]));
		present.delete(String(row[key]));
		if (!found) {
			added.push(row);
			continue;
		}
		const fields = changedFields(row, found);
		if (fields.length > 0) changed.push({ row, detail: fields.join('; ') });
	}
	return { table, added, changed, removed: [...present.keys()] };
}

/** One line for each field that differs: what stands there, and what will. */
function changedFields(row: Row, found: Row): string[] {
	return Object.entries(row).flatMap(([field, value]) => {
		const [old, fresh] = [canonicalJson(found[field] ?? null), canonicalJson(value ?? null)];
		return old === fresh ? [] : [`${field}: ${short(old)} → ${short(fresh)}`];
	});
}

const LONGEST_SHOWN = 120;

const short = (text: string) => (text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);

async function insertRows(client: Sql, table: RegistryTable, rows: Row[]): Promise<void> {
	const columns = Object.keys(rows[0] ?? {})
		.map(identifier)
		.join(', ');
	await client.query(
		`insert into public.${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::public.${table}, $1)`,
		[JSON.stringify(rows)],
	);
}

async function updateRows(client: Sql, table: RegistryTable, rows: Row[]): Promise<void> {
	const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== KEYS[table]);
	const assignments = columns.map((column) => `${identifier(column)} = n.${identifier(column)}`).join(', ');
	await client.query(
		`update public.${table} t set ${assignments} from jsonb_populate_recordset(null::public.${table}, $1) n
		where t.${KEYS[table]} = n.${KEYS[table]}`,
		[JSON.stringify(rows)],
	);
}

function describe({ table, added, changed, removed }: Difference): Change[] {
	const key = KEYS[table];
	const change = (action: Change['action'], subjects: string[]): Change[] =>
		subjects.map((subject) => ({ action, area: 'registry', subject: `${table} ${subject}`, detail: '' }));
	return [
		...change(
			'add',
			added.map((row) => String(row[key])),
		),
		...changed.map(
			({ row, detail }): Change => ({ action: 'change', area: 'registry', subject: `${table} ${row[key]}`, detail }),
		),
		...change('remove', removed),
	];
}

/** Writes the list of governed collections, which the metadata guards and the executors' check read. */
export async function ensureGovernedCollections(
	client: Sql,
	governed: { collection: string; class: string }[],
): Promise<Change[]> {
	const present = await rowsOf<{ collection: string; class: string }>(
		client,
		'select collection, class from governance.governed_collections',
	);
	const wanted = new Map(governed.map((entry) => [entry.collection, entry.class]));
	const gone = present
		.filter(({ collection, class: kind }) => wanted.get(collection) !== kind)
		.map(({ collection }) => collection);
	const had = new Set(present.map(({ collection }) => collection).filter((collection) => !gone.includes(collection)));
	const missing = governed.filter(({ collection }) => !had.has(collection));
	await client.query('set local role governance_writer');
	if (gone.length > 0)
		await client.query('delete from governance.governed_collections where collection = any ($1)', [gone]);
	if (missing.length > 0) {
		await client.query(
			`insert into governance.governed_collections select * from jsonb_populate_recordset(null::governance.governed_collections, $1)`,
			[JSON.stringify(missing)],
		);
	}
	await client.query('reset role');
	return [
		...gone.map(
			(collection): Change => ({
				action: 'remove',
				area: 'structure',
				subject: collection,
				detail: 'no longer governed',
			}),
		),
		...missing.map(
			({ collection, class: kind }): Change => ({
				action: 'add',
				area: 'structure',
				subject: collection,
				detail: `governed (${kind})`,
			}),
		),
	];
}
