import { guardTriggersOf } from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { asRole, identifier, ownerOf, rowsOf, type Sql } from './session.ts';

interface FormerPrivilege {
	/** Null: on the whole table. */
	column: string | null;
	grantee: string;
	everybody: boolean;
	privilege: string;
	grantable: boolean;
}

/** Gives back every content table that is governed in the database and no longer declared. */
export async function releaseUndeclared(
	client: Sql,
	declared: readonly string[],
	directusRole: string,
): Promise<Change[]> {
	const rows = await rowsOf<{ collection: string }>(
		client,
		`select collection from governance.governed_collections where class = 'governed' and not collection = any ($1) order by 1`,
		[declared],
	);
	const changes: Change[] = [];
	for (const { collection } of rows) changes.push(...(await releaseContentTable(client, collection, directusRole)));
	return changes;
}

/**
 * Gives a content table back to Directus's role: guards dropped, privileges as they were before it was governed, birth
 * certificates deleted, rows as they are. Inside the open transaction, in which an apply is recorded.
 */
export async function releaseContentTable(client: Sql, name: string, directusRole: string): Promise<Change[]> {
	const qualified = `public.${identifier(name)}`;
	const [table] = await rowsOf(client, 'select 1 from pg_class where oid = to_regclass($1)', [qualified]);
	if (table) {
		for (const trigger of guardTriggersOf({ schema: 'public', name, key: 'id', class: 'governed' }, qualified)) {
			await client.query(`drop trigger if exists ${trigger.name} on ${qualified}`);
		}
		const owner = (await ownerOf(client, qualified)) ?? directusRole;
		await revokeFromProduct(client, qualified, owner, directusRole);
		// In the strength "single-role" it never left.
		if (owner === 'governance_owner')
			await client.query(`alter table ${qualified} owner to ${identifier(directusRole)}`);
		await restorePrivileges(client, name, qualified);
	}
	await asRole(client, 'governance_writer', async () => {
		await client.query('delete from governance.birth_certificates where collection = $1', [name]);
		await client.query('delete from governance.taken_tables where collection = $1', [name]);
		await client.query('delete from governance.governed_collections where collection = $1', [name]);
	});
	const detail = table ? `no longer governed, back to ${directusRole}` : 'no longer governed; the table itself is gone';
	return [{ action: 'remove', area: 'structure', subject: name, detail }];
}

/** What apply granted on the table and its sequences, to Directus's role too where that was not the owner. */
async function revokeFromProduct(client: Sql, qualified: string, owner: string, directusRole: string): Promise<void> {
	const sequences = await rowsOf<{ name: string }>(
		client,
		`select c.oid::regclass::text as name from pg_depend d join pg_class c on c.oid = d.objid and c.relkind = 'S'
		where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass($1)
			and d.deptype in ('a', 'i')`,
		[qualified],
	);
	const from = [
		'governance_writer',
		'governance_reader',
		...(owner === directusRole ? [] : [identifier(directusRole)]),
	];
	const statements = [`table ${qualified}`, ...sequences.map(({ name }) => `sequence ${name}`)].map(
		(object) => `revoke all on ${object} from ${from.join(', ')}`,
	);
	await asRole(client, owner, () => client.query(statements.join('; ')));
}

/** Grants of roles that are gone by now stay gone, and so do those on columns that are. */
async function restorePrivileges(client: Sql, name: string, qualified: string): Promise<void> {
	const former = await rowsOf<FormerPrivilege>(
		client,
		`select p.* from governance.taken_tables t,
			jsonb_to_recordset(t.privileges) p ("column" text, grantee text, everybody boolean, privilege text, grantable boolean)
		where t.collection = $1 and (p.everybody or to_regrole(quote_ident(p.grantee)) is not null)
			and (p.column is null or exists (select from pg_attribute a
				where a.attrelid = to_regclass($2) and a.attname = p.column and not a.attisdropped))`,
		[name, qualified],
	);
	for (const { column, grantee, everybody, privilege, grantable } of former) {
		const what = column === null ? privilege : `${privilege} (${identifier(column)})`;
		const who = everybody ? 'public' : identifier(grantee);
		await client.query(`grant ${what} on ${qualified} to ${who}${grantable ? ' with grant option' : ''}`);
	}
}
