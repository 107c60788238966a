import { type GuardedTable, OWN_TABLES } from '../../../core/governed-tables.ts';
import type { Change, DesiredState, Fault } from '../../../service/ports/registrar.ts';
import { lockPlainTable, snaresOf } from './plain-table.ts';
import { asRole, identifier, ownerOf, rowsOf, type Sql } from './session.ts';

/** A content table of the instance with its single-column primary key. */
export interface ContentTable {
	name: string;
	key: string;
}

/**
 * Looks at every table that is to be governed, before anything changes, and keeps those still in Directus's hands as they
 * are until this transaction ends: a trigger planted after the look would come along with the table, or run under a probe.
 * Where Directus's role stays the owner, readers need not wait for that. A foreign key of its own with an action would let
 * the owner of the other table change governed rows; one to a table Directus owns falls with DROP … CASCADE.
 */
export async function inspectContentTables(
	client: Sql,
	{ collections, strength }: Pick<DesiredState, 'collections' | 'strength'>,
): Promise<{ tables: ContentTable[]; faults: Fault[] }> {
	const tables: ContentTable[] = [];
	const faults: Fault[] = [];
	for (const name of collections) {
		const qualified = `public.${identifier(name)}`;
		const strangers = await foreignOwnerFaults(client, name, qualified);
		faults.push(...strangers);
		// Only who holds the owner's rights may lock it.
		if (strangers.length > 0) continue;
		const snares = (await isTaken(client, qualified))
			? await snaresOf(client, qualified)
			: await lockPlainTable(
					client,
					qualified,
					strength === 'single-role' ? 'share row exclusive' : 'access exclusive',
				);
		faults.push(...snares.map((fault) => ({ ...fault, subject: name })));
		if (snares.length > 0) continue;
		const key = await primaryKeyOf(client, qualified);
		if (key) tables.push({ name, key });
		else faults.push({ subject: name, problem: 'has no primary key of one column', fix: 'give it one' });
		faults.push(
			...(await foreignKeyFaults(client, name, qualified, collections)),
			...(await versioningFaults(client, name)),
		);
	}
	return { tables, faults };
}

const isTaken = async (client: Sql, qualified: string): Promise<boolean> =>
	(await ownerOf(client, qualified)) === 'governance_owner';

async function foreignOwnerFaults(client: Sql, name: string, qualified: string): Promise<Fault[]> {
	const strangers = await rowsOf<{ owner: string; operator: string }>(
		client,
		`select pg_get_userbyid(relowner) as owner, current_user as operator from pg_class
		where oid = to_regclass($1) and not pg_has_role(current_user, relowner, 'USAGE')
			and pg_get_userbyid(relowner) <> 'governance_owner'`,
		[qualified],
	);
	return strangers.map(({ owner, operator }) => ({
		subject: name,
		problem: `belongs to ${owner}, whose rights the operator does not hold`,
		fix: `grant ${identifier(owner)} to ${identifier(operator)}, or give the table to Directus's role`,
	}));
}

async function primaryKeyOf(client: Sql, qualified: string): Promise<string | undefined> {
	const columns = await rowsOf<{ name: string }>(
		client,
		`select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
		where i.indrelid = to_regclass($1) and i.indisprimary and i.indnkeyatts = 1`,
		[qualified],
	);
	return columns.length === 1 ? columns[0]?.name : undefined;
}

/** `collections`: all that are declared. A table leaving the declaration goes back to Directus in this very apply. */
async function foreignKeyFaults(client: Sql, name: string, qualified: string, collections: string[]): Promise<Fault[]> {
	const keys = await rowsOf<{ name: string; action: boolean; target: string; foreign_owner: boolean }>(
		client,
		`select c.conname as name, c.confdeltype not in ('a', 'r') or c.confupdtype not in ('a', 'r') as action,
			c.confrelid::regclass::text as target,
			not (t.relnamespace = 'public'::regnamespace and t.relname = any ($2)) as foreign_owner
		from pg_constraint c join pg_class t on t.oid = c.confrelid
		where c.conrelid = to_regclass($1) and c.contype = 'f' order by 1`,
		[qualified, [...collections, ...OWN_TABLES.map((own) => own.name)]],
	);
	return keys.flatMap(({ name: key, action, target, foreign_owner }) => [
		...(action
			? [
					{
						subject: name,
						problem: `foreign key ${key} has CASCADE, SET NULL or SET DEFAULT: a change of ${target} would change governed rows`,
						fix: `make ${key} NO ACTION`,
					},
				]
			: []),
		...(foreign_owner
			? [
					{
						subject: name,
						problem: `foreign key ${key} points to ${target}, which Directus owns and can drop with CASCADE`,
						fix: `drop ${key}, or govern ${target} too`,
					},
				]
			: []),
	]);
}

async function versioningFaults(client: Sql, name: string): Promise<Fault[]> {
	if ((await snaresOf(client, 'public.directus_collections')).length > 0) return [];
	const [row] = await rowsOf<{ versioning: boolean }>(
		client,
		'select versioning from public.directus_collections where collection = $1',
		[name],
	);
	return row?.versioning
		? [
				{
					subject: name,
					problem: 'content versioning is on (versioned reads write)',
					fix: 'turn versioning off in its settings',
				},
			]
		: [];
}

/**
 * Gives a content table the owner its strength asks for and remembers what it was, for the day it leaves the declaration.
 * `separated`: away from Directus's role; the operator holds the rights of both owners, nobody else can do this.
 * `single-role`: back to Directus's role, or left with whoever has it; the guards are then triggers alone.
 */
export async function ensureHome(
	client: Sql,
	{ name }: ContentTable,
	{ strength, directusRole }: Pick<DesiredState, 'strength' | 'directusRole'>,
	applyId: string,
): Promise<Change[]> {
	const qualified = `public.${identifier(name)}`;
	const taken = await isTaken(client, qualified);
	if (!taken) await rememberTable(client, name, qualified, applyId);
	if (strength === 'single-role') return taken ? changeOwner(client, name, qualified, directusRole) : [];
	return taken ? [] : changeOwner(client, name, qualified, 'governance_owner');
}

async function rememberTable(client: Sql, name: string, qualified: string, applyId: string): Promise<void> {
	const known = await rowsOf(client, 'select 1 from governance.taken_tables where collection = $1', [name]);
	if (known.length > 0) return;
	await asRole(client, 'governance_writer', () =>
		client.query(
			`insert into governance.taken_tables (collection, owner, privileges, apply_id)
			select c.relname, pg_get_userbyid(c.relowner), coalesce((select jsonb_agg(x) from (
				select null as column, pg_get_userbyid(a.grantee) as grantee, a.grantee = 0 as everybody, a.privilege_type as privilege, a.is_grantable as grantable
				from aclexplode(c.relacl) a where a.grantee <> c.relowner
				union all select t.attname, pg_get_userbyid(a.grantee), a.grantee = 0, a.privilege_type, a.is_grantable
				from pg_attribute t, aclexplode(t.attacl) a where t.attrelid = c.oid and a.grantee <> c.relowner) x), '[]'), $2
			from pg_class c where c.oid = to_regclass($1)`,
			[qualified, applyId],
		),
	);
}

/** Takes tables of the product back when somebody gave them away. */
export async function ensureOwners(client: Sql, tables: readonly GuardedTable[]): Promise<Change[]> {
	const lost = await rowsOf<{ schema: string; name: string }>(
		client,
		`select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.oid = any (array(select to_regclass(t) from unnest($1::text[]) t)) and pg_get_userbyid(c.relowner) <> 'governance_owner'`,
		[tables.map(({ schema, name }) => `${schema}.${identifier(name)}`)],
	);
	const changes: Change[] = [];
	for (const { schema, name } of lost)
		changes.push(...(await changeOwner(client, name, `${schema}.${identifier(name)}`)));
	return changes;
}

async function changeOwner(
	client: Sql,
	name: string,
	qualified: string,
	to: string = 'governance_owner',
): Promise<Change[]> {
	const owner = await ownerOf(client, qualified);
	const ours = to === 'governance_owner';
	if (ours) await client.query('grant create on schema public to governance_owner');
	await client.query(`alter table ${qualified} owner to ${identifier(to)}`);
	if (ours) await client.query('revoke create on schema public from governance_owner');
	return [{ action: 'change', area: 'structure', subject: name, detail: `owner: ${owner} → ${to}` }];
}
