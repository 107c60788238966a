import { withClient } from '../../../instance/roles.ts';
import { GOVERNED } from '../support/fingerprint.ts';
import type { Strength } from '../support/strength.ts';
import type { CensusPath, Side, Told } from '../support/types.ts';

/**
 * One layer of the database at a time, with those before it out of the way: what Directus's role may not do, and what each
 * trigger refuses even to the owner of a table. Behind each other they would hide that one of them is gone.
 */
interface Probe {
	/** `owner` is whoever owns the table on that side. */
	who: 'directus' | 'owner';
	table: string;
	statement: string;
	/** What the refusal has to say: a privilege, or the function of the trigger that raised it. */
	expects: string;
	/** Triggers switched off in the same transaction, by the superuser. */
	without?: readonly string[];
}

const ASSERT = 'governance_a_assert_safe';
const BIRTH = ['governance_m_birth_insert', 'governance_m_birth_update', 'governance_m_birth_delete'];

const STATEMENTS = (table: string) => ({
	insert: `insert into public.${table} (id) values (990)`,
	update: `update public.${table} set id = 991 where id = (select max(id) from public.${table})`,
	delete: `delete from public.${table} where id = (select max(id) from public.${table})`,
	truncate: `truncate table public.${table}`,
	alter: `alter table public.${table} add column extra text`,
	trigger: `create trigger planted before update on public.${table} for each row execute function suppress_redundant_updates_trigger()`,
});

/** A table that others point to cannot be truncated by anybody, guard or not. */
const REFERENCED = ['gov_items'];

async function attempt(side: Side, { who, table, statement, without = [] }: Probe): Promise<Told> {
	const [row] = await side.sql<{ owner: string; present: string[] }>(
		`select pg_get_userbyid(relowner) as owner, array(select tgname::text from pg_trigger where tgrelid = c.oid and tgname = any ($2::text[])) as present
		from pg_class c where oid = to_regclass($1)`,
		[`public.${table}`, without],
	);
	const off = (row?.present ?? []).map((name) => `alter table public.${table} disable trigger ${name}; `).join('');
	const on = (row?.present ?? []).map((name) => `; alter table public.${table} enable always trigger ${name}`).join('');
	const role = who === 'directus' ? 'directus' : row?.owner;
	return withClient(side.instance.database.superuserUrl, async (client) => {
		try {
			await client.query(`begin; ${off}set local role ${role}; ${statement}; reset role${on}; commit`);
			return { status: 200, text: 'done' };
		} catch (error) {
			const { code, message, where } = error as { code?: string; message: string; where?: string };
			return { status: 400, text: JSON.stringify({ code, message, where }) };
		}
	});
}

const layer = (id: string, probe: Probe): CensusPath => ({
	id: `layers.${id}`,
	surface: 'layers',
	covers: [],
	actors: ['operator'],
	layer: 'database',
	expects: probe.expects,
	attack: (side) => attempt(side, probe),
});

const META: Record<string, string> = {
	'collections-update': `update public.directus_collections set note = 'attacked' where collection = 'gov_struct'`,
	'collections-insert': `insert into public.directus_collections (collection) values ('gov_plain')`,
	'fields-update': `update public.directus_fields set note = 'attacked' where collection = 'gov_struct'`,
	'fields-insert': `insert into public.directus_fields (collection, field) values ('gov_struct', 'extra')`,
	'fields-delete': `delete from public.directus_fields where collection = 'gov_struct'`,
	'relations-update': `update public.directus_relations set one_deselect_action = 'delete' where many_collection = 'gov_struct'`,
	'relations-delete': `delete from public.directus_relations where many_collection = 'gov_struct'`,
	'relations-insert': `insert into public.directus_relations (many_collection, many_field, one_collection) values ('open_jobs', 'number', 'gov_struct')`,
};

function triggersOf(table: string): CensusPath[] {
	const statements = STATEMENTS(table);
	const verbs = ['insert', 'update', 'delete'] as const;
	const asOwner = (id: string, statement: string, expects: string, without: readonly string[] = []) =>
		layer(id, { who: 'owner', table, statement, expects, without });
	const truncate = REFERENCED.includes(table)
		? []
		: [asOwner(`assert-${table}-truncate`, statements.truncate, 'GD002')];
	return [
		...verbs.map((verb) => asOwner(`assert-${table}-${verb}`, statements[verb], 'fn_assert_safe_for_dot_action')),
		...truncate,
		...verbs.map((verb) => asOwner(`birth-${table}-${verb}`, statements[verb], 'fn_birth_gate', [ASSERT])),
		asOwner(`last-look-${table}`, statements.update, 'block_after_guard', [ASSERT, ...BIRTH]),
	];
}

/** What Directus's role may not do. As the owner it meets the triggers first, and may change the structure: that is detected. */
function privilegesOf(table: string, strength: Strength): CensusPath[] {
	const statements = STATEMENTS(table);
	const verbs =
		strength === 'separated'
			? (['insert', 'update', 'delete', 'truncate', 'alter', 'trigger'] as const)
			: (['insert', 'update', 'delete'] as const);
	return verbs
		.filter((verb) => verb !== 'truncate' || !REFERENCED.includes(table))
		.map((verb) =>
			layer(`privilege-${table}-${verb}`, {
				who: 'directus',
				table,
				statement: statements[verb],
				expects: strength === 'separated' ? '42501' : 'GD001',
			}),
		);
}

export function layerPaths(strength: Strength): CensusPath[] {
	return [
		...GOVERNED.flatMap((table) => [...privilegesOf(table, strength), ...triggersOf(table)]),
		...Object.entries(META).map(([id, statement]) =>
			layer(`metadata-${id}`, { who: 'directus', table: 'gov_struct', statement, expects: 'fn_block_metadata' }),
		),
	];
}
