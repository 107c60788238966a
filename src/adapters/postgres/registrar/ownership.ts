import type { Change, Fault } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';
import { snaresOf } from './plain-table.ts';

/** A content table of the instance with its single-column primary key. */
export interface ContentTable {
	name: string;
	key: string;
}

/**
 * Looks at every table that is to be governed, before anything changes. A foreign key of its own with an action would let
 * the owner of the other table change governed rows; one to a table Directus owns falls with DROP … CASCADE.
 */
export async function inspectContentTables(
	client: Sql,
	collections: string[],
): Promise<{ tables: ContentTable[]; faults: Fault[] }> {
	const tables: ContentTable[] = [];
	const faults: Fault[] = [];
	for (const name of collections) {
		const qualified = `public.${identifier(name)}`;
		const snares = await snaresOf(client, qualified);
		faults.push(...snares.map((fault) => ({ ...fault, subject: name })));
		if (snares.length > 0) continue;
		const key = await primaryKeyOf(client, qualified);
		if (key) tables.push({ name, key });
		else faults.push({ subject: name, problem: 'has no primary key of one column', fix: 'give it one' });
		faults.push(...(await foreignKeyFaults(client, name, qualified)), ...(await versioningFaults(client, name)));
	}
	return { tables, faults };
}

async function primaryKeyOf(client: Sql, qualified: string): Promise<string | undefined> {
	const columns = await rowsOf<{ name: string }>(
		client,
		`select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
		where i.indrelid = to_regclass($1) and i.indisprimary`,
		[qualified],
	);
	return columns.length === 1 ? columns[0]?.name : undefined;
}

async function foreignKeyFaults(client: Sql, name: string, qualified: string): Promise<Fault[]> {
	const keys = await rowsOf<{ name: string; action: boolean; target: string; foreign_owner: boolean }>(
		client,
		`select c.conname as name, c.confdeltype not in ('a', 'r') or c.confupdtype not in ('a', 'r') as action,
			c.confrelid::regclass::text as target,
			pg_get_userbyid(t.relowner) <> 'governance_owner' and not (t.relname = any ($2)) as foreign_owner
		from pg_constraint c join pg_class t on t.oid = c.confrelid
		where c.conrelid = to_regclass($1) and c.contype = 'f' order by 1`,
		[qualified, [name]],
	);
	return keys.flatMap(({ name: key, action, target, foreign_owner }) => [
		...(action
			? [{
					subject: name,
					problem: `foreign key ${key} has CASCADE, SET NULL or SET DEFAULT: a change of ${target} would change governed rows`,
					fix: `make ${key} NO ACTION`,
				}]
			: []),
		...(foreign_owner
			? [{
					subject: name,
					problem: `foreign key ${key} points to ${target}, which Directus owns and can drop with CASCADE`,
					fix: `drop ${key}, or govern ${target} too`,
				}]
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
		? [{ subject: name, problem: 'content versioning is on (versioned reads write)', fix: 'turn versioning off in its settings' }]
		: [];
}

/** Moves a table away from Directus's role. The operator holds the rights of both owners; nobody else can do this. */
export async function takeOwnership(client: Sql, { name }: ContentTable): Promise<Change[]> {
	const qualified = `public.${identifier(name)}`;
	const [row] = await rowsOf<{ owner: string }>(
		client,
		'select pg_get_userbyid(relowner) as owner from pg_class where oid = to_regclass($1)',
		[qualified],
	);
	if (row?.owner === 'governance_owner') return [];
	await client.query('grant create on schema public to governance_owner');
	await client.query(`alter table ${qualified} owner to governance_owner`);
	await client.query('revoke create on schema public from governance_owner');
	return [{ action: 'change', area: 'structure', subject: name, detail: `owner: ${row?.owner} → governance_owner` }];
}
