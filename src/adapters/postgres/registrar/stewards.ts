import { canonicalJson } from '../../../service/canonical.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { type Grants, grantsOf, type Held, reconcile } from './grants.ts';
import type { ContentTable } from './ownership.ts';
import { asRole, identifier, ownerOf, rowsOf, type Sql } from './session.ts';
import { accessOf, type StewardedTable } from './steward-tables.ts';

interface MirroredRule {
	collection: string;
	name: string;
	actions: string[];
	columns: string[];
	marks: { roles: string[]; policies: string[]; users: string[] };
}

interface MirroredTable {
	collection: string;
	key_sequence: string | null;
	defaults: Record<string, string>;
}

/**
 * Writes what the declaration lets stewards do where permits are checked against it. A write of a steward that is under
 * way ends first, and a new one waits: nobody keeps a permit that the rules no longer give.
 */
export async function ensureStewardRules(
	client: Sql,
	stewarded: ReadonlyMap<string, StewardedTable>,
): Promise<Change[]> {
	const tables = [...stewarded.values()];
	const rules = tables.flatMap(({ name, rules: own }) => own.map((rule) => ({ collection: name, ...rule })));
	const mirrored: MirroredTable[] = tables.map(({ name, sequence, defaults }) => ({
		collection: name,
		key_sequence: sequence,
		defaults,
	}));
	const before = await rowsOf<MirroredRule>(
		client,
		'select collection, name, actions, columns, marks from governance.steward_rules order by collection, name',
	);
	const tablesBefore = await rowsOf<MirroredTable>(
		client,
		'select collection, key_sequence, defaults from governance.steward_tables',
	);
	const changes = [...ruleChanges(before, rules), ...tableChanges(tablesBefore, mirrored)];
	if (changes.length === 0) return [];

	await asRole(client, 'governance_writer', async () => {
		await client.query('lock table governance.steward_rules in access exclusive mode');
		await client.query('delete from governance.steward_rules; delete from governance.steward_tables');
		await client.query(
			'insert into governance.steward_rules select * from jsonb_populate_recordset(null::governance.steward_rules, $1)',
			[JSON.stringify(rules)],
		);
		await client.query(
			'insert into governance.steward_tables select * from jsonb_populate_recordset(null::governance.steward_tables, $1)',
			[JSON.stringify(mirrored)],
		);
	});
	return changes;
}

const idOf = ({ collection, name }: Pick<MirroredRule, 'collection' | 'name'>): string => `${collection} / ${name}`;

function ruleChanges(before: readonly MirroredRule[], rules: readonly MirroredRule[]): Change[] {
	const had = new Map(before.map((rule) => [idOf(rule), rule]));
	const wanted = new Set(rules.map(idOf));
	const gone = before.filter((rule) => !wanted.has(idOf(rule)));
	const fresh = rules.filter((rule) => {
		const found = had.get(idOf(rule));
		return !found || canonicalJson({ ...found }) !== canonicalJson({ ...rule });
	});
	return [
		...gone.map(
			(rule): Change => ({
				action: 'remove',
				area: 'policy',
				subject: idOf(rule),
				detail: 'tightens: stewards no more',
			}),
		),
		...fresh.map(
			(rule): Change => ({
				action: had.has(idOf(rule)) ? 'change' : 'add',
				area: 'policy',
				subject: idOf(rule),
				detail: `loosens: ${sentenceOf(rule)}`,
			}),
		),
	];
}

function sentenceOf({ actions, columns, marks }: MirroredRule): string {
	const who = Object.entries(marks)
		.filter(([, ids]) => ids.length > 0)
		.map(([kind, ids]) => `${kind} ${ids.join(', ')}`)
		.join('; ');
	const fields = actions.some((action) => action !== 'delete') ? ` (fields: ${columns.join(', ')})` : '';
	return `${who} may ${actions.join(', ')} through Directus${fields}`;
}

function tableChanges(before: readonly MirroredTable[], tables: readonly MirroredTable[]): Change[] {
	const had = new Map(before.map((table) => [table.collection, canonicalJson({ ...table })]));
	return tables
		.filter((table) => had.get(table.collection) !== canonicalJson({ ...table }))
		.map((table) => ({
			action: had.has(table.collection) ? ('change' as const) : ('add' as const),
			area: 'policy' as const,
			subject: table.collection,
			detail: 'keys and defaults that new rows of stewards are compared with',
		}));
}

/** The sequence of a serial key: Directus's role draws keys where stewards create, and may set it where they name keys. */
export async function ensureSequencePrivileges(
	client: Sql,
	{ name, key }: ContentTable,
	stewarded: StewardedTable | undefined,
	directusRole: string,
): Promise<Change[]> {
	const held = await rowsOf<Held & { sequence: string }>(
		client,
		`select s.name as sequence, case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end as grantee,
			a.privilege_type as privilege, a.is_grantable as grantable
		from (select pg_get_serial_sequence($1, $2) as name) s left join pg_class c on c.oid = to_regclass(s.name)
		left join lateral aclexplode(c.relacl) a on a.grantee <> c.relowner
		where s.name is not null`,
		[`public.${identifier(name)}`, key],
	);
	const [sequence] = held.map((row) => row.sequence);
	if (sequence === undefined) return [];
	const owner = (await ownerOf(client, `public.${identifier(name)}`)) ?? 'governance_owner';
	const target = { label: sequence, on: `sequence ${sequence}`, owner };
	const actual = held.filter(({ privilege }) => privilege !== null);
	return reconcile(client, target, grantsOf(actual), expectedOnSequence(stewarded, directusRole, owner));
}

function expectedOnSequence(stewarded: StewardedTable | undefined, directusRole: string, owner: string): Grants {
	const grants: Grants = new Map();
	if (!stewarded?.rules.some(({ actions }) => actions.includes('create'))) return grants;
	const named = accessOf(stewarded, directusRole).inserts.includes(stewarded.key);
	grants.set(directusRole, new Set(named ? ['USAGE', 'UPDATE'] : ['USAGE']));
	grants.set('governance_writer', new Set(['SELECT']));
	grants.delete(owner);
	return grants;
}
