import type { PolicyDocument, StewardRule } from '../../../contracts/policy.ts';
import type { StewardAccess } from '../../../core/governed-tables.ts';
import type { Fault } from '../../../service/ports/registrar.ts';
import type { ContentTable } from './ownership.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

/** A steward rule with the columns it means in this table; a key is never changed, only given to a new row. */
interface TableRule {
	name: string;
	actions: StewardRule['actions'];
	columns: string[];
	marks: Pick<StewardRule, 'roles' | 'policies' | 'users'>;
}

/** A content table that stewards may write. */
export interface StewardedTable extends ContentTable {
	rules: TableRule[];
	/** The sequence that gives its keys; null where whoever creates a row names its key. */
	sequence: string | null;
	/** Column to expression: what a new row holds there when nobody named it. */
	defaults: Record<string, string>;
}

interface Column {
	name: string;
	type: string;
	default: string | null;
}

/** Types whose text is the same in every session: permits name rows by it. */
const KEY_TYPES = ['integer', 'bigint', 'smallint', 'uuid', 'text', 'character varying'];

const CAST = String.raw`(?:::[a-z][a-z0-9 ]*(?:\(\d+(?:,\d+)?\))?(?:\[\])?)*`;
const LITERAL = String.raw`(?:'(?:[^'\\]|'')*'|-?\d+(?:\.\d+)?|\(-\d+(?:\.\d+)?\)|true|false|NULL)`;
const CLOCK = String.raw`(?:now\(\)|transaction_timestamp\(\)|(?:CURRENT|LOCAL)_?(?:TIMESTAMP|TIME)(?:\(\d\))?|CURRENT_DATE)`;
/** Defaults that are the same for every row of one statement, so that a new row can be compared with them. */
const CHECKABLE = new RegExp(`^(?:${LITERAL}|${CLOCK})${CAST}$`);

/** Looks at the declared tables that have stewards: what their rules come to, and every fault that only the table shows. */
export async function inspectStewards(
	client: Sql,
	tables: readonly ContentTable[],
	governed: PolicyDocument['governed'],
): Promise<{ stewarded: Map<string, StewardedTable>; faults: Fault[] }> {
	const stewarded = new Map<string, StewardedTable>();
	const faults: Fault[] = [];
	for (const table of tables) {
		const rules = governed.find(({ collection }) => collection === table.name)?.stewards ?? [];
		if (rules.length === 0) continue;
		const columns = await columnsOf(client, table);
		const sequence = await sequenceOf(client, table);
		stewarded.set(table.name, describeTable(table, rules, columns, sequence));
		faults.push(...faultsOf(table, rules, columns));
	}
	return { stewarded, faults };
}

function columnsOf(client: Sql, { name }: ContentTable): Promise<Column[]> {
	return rowsOf<Column>(
		client,
		`select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, pg_get_expr(d.adbin, d.adrelid) as default
		from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
		where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
		[`public.${identifier(name)}`],
	);
}

async function sequenceOf(client: Sql, { name, key }: ContentTable): Promise<string | null> {
	const [row] = await rowsOf<{ name: string | null }>(client, 'select pg_get_serial_sequence($1, $2) as name', [
		`public.${identifier(name)}`,
		key,
	]);
	return row?.name ?? null;
}

function describeTable(
	table: ContentTable,
	rules: readonly StewardRule[],
	columns: readonly Column[],
	sequence: string | null,
): StewardedTable {
	const all = columns.map(({ name }) => name);
	const checkable = columns.filter((column) => column.name !== table.key && isCheckable(column));
	return {
		...table,
		sequence,
		defaults: Object.fromEntries(checkable.map((column) => [column.name, `cast(${column.default} as ${column.type})`])),
		rules: rules.map(({ name, actions, fields, roles, policies, users }) => ({
			name,
			actions: [...actions].sort(),
			columns: (fields === '*' ? all : [...fields]).sort(),
			marks: { roles, policies, users },
		})),
	};
}

const isCheckable = (column: Column): boolean => column.default !== null && CHECKABLE.test(column.default);

function faultsOf({ name, key }: ContentTable, rules: readonly StewardRule[], columns: readonly Column[]): Fault[] {
	const keyType = columns.find((column) => column.name === key)?.type.replace(/\(.*/, '') ?? '';
	const known = new Set(columns.map((column) => column.name));
	const odd = columns.filter((column) => column.name !== key && column.default !== null && !isCheckable(column));
	return [
		...(KEY_TYPES.includes(keyType)
			? []
			: [
					{
						subject: name,
						problem: `has stewards and a key of type ${keyType}, whose text is not the same in every session`,
						fix: `use a key of type ${KEY_TYPES.join(', ')}`,
					},
				]),
		...rules.flatMap(({ name: rule, fields, actions }) => [
			...(fields === '*' ? [] : fields)
				.filter((field) => !known.has(field))
				.map((field) => ({
					subject: name,
					problem: `steward rule ${rule} names ${field}, and there is no such column`,
					fix: 'take it out of the rule; fields without a column need none',
				})),
			...odd
				.filter((column) => actions.includes('create') && fields !== '*' && !fields.includes(column.name))
				.map((column) => ({
					subject: name,
					problem: `steward rule ${rule} creates rows without ${column.name}, whose default (${column.default}) cannot be compared`,
					fix: `name ${column.name} in the rule, or give it a constant default`,
				})),
		]),
	];
}

/** The privileges Directus's role needs for what the rules allow, and no more. */
export function accessOf({ rules, key, sequence }: StewardedTable, role: string): StewardAccess {
	const columnsFor = (action: string): string[] => [
		...new Set(
			rules.filter(({ actions }) => actions.some((each) => each === action)).flatMap(({ columns }) => columns),
		),
	];
	const creates = rules.some(({ actions }) => actions.includes('create'));
	return {
		role,
		inserts: creates && sequence === null ? [...new Set([...columnsFor('create'), key])] : columnsFor('create'),
		updates: columnsFor('update').filter((column) => column !== key),
		deletes: rules.some(({ actions }) => actions.includes('delete')),
	};
}
