import type { GuardedTable } from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { type Grants, grantsOf, type Held, reconcile } from './grants.ts';
import { identifier, ownerOf, rowsOf, type Sql } from './session.ts';

/** What Directus's role may read in schema governance: enough to verify the policy and for its guards to run. */
const READABLE_BY_DIRECTUS = ['policy', 'governed_collections', 'flow_policy'];

/** What executors may not read whole: a grant's token hash, and what only the ledger functions and the registrar use. */
const HIDDEN_FROM_READER = [
	'governance_grants',
	'evidence_head',
	'dispatch_claims',
	'taken_tables',
	'migrations',
	'permits',
];

/** Who holds a grant is no secret; the hash of its token is. */
const GRANT_COLUMNS = [
	'id',
	'tool',
	'caller',
	'modes',
	'contract_digest',
	'lane',
	'expires_at',
	'max_uses',
	'revoked_at',
];

/** Columns of Directus's tables an executor may read. Options of flows can hold secrets, so they are left out. */
const READABLE_BY_READER: Record<string, string[]> = {
	directus_collections: ['collection', 'hidden', 'singleton', 'versioning', 'status'],
	directus_flows: ['id', 'name', 'status', 'trigger', 'operation'],
	directus_operations: ['id', 'name', 'key', 'type', 'flow', 'resolve', 'reject'],
};

/** What governance_writer does with a table, where it is not what the table's class says. */
const WRITES: Record<string, string[]> = { evidence_head: ['UPDATE'], grant_uses: ['INSERT'], migrations: ['INSERT'] };

function expectedGrants(
	{ schema, name, class: guardClass, stewards }: GuardedTable,
	directusRole: string,
	owner: string,
): Grants {
	const writes = WRITES[name] ?? (guardClass === 'ledger' ? ['INSERT'] : ['INSERT', 'UPDATE', 'DELETE']);
	const grants: Grants = new Map([['governance_writer', new Set(['SELECT', ...writes])]]);
	if (schema === 'public' || READABLE_BY_DIRECTUS.includes(name)) {
		grants.set(directusRole, new Set(stewards?.deletes ? ['SELECT', 'DELETE'] : ['SELECT']));
	}
	if (!HIDDEN_FROM_READER.includes(name)) grants.set('governance_reader', new Set(['SELECT']));
	// In the strength "single-role" Directus's role may own the table: an owner's privileges are no grants.
	grants.delete(owner);
	return grants;
}

/** Sets a governed table's privileges to exactly what its class allows; anything more that somebody granted is revoked. */
export async function ensureTablePrivileges(client: Sql, table: GuardedTable, directusRole: string): Promise<Change[]> {
	const qualified = `${table.schema}.${identifier(table.name)}`;
	const held = await rowsOf<Held>(
		client,
		`select case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end as grantee,
			a.privilege_type as privilege, a.is_grantable as grantable
		from pg_class c, aclexplode(c.relacl) a where c.oid = to_regclass($1) and a.grantee <> c.relowner`,
		[qualified],
	);
	const owner = (await ownerOf(client, qualified)) ?? 'governance_owner';
	const target = { label: table.name, on: qualified, owner };
	return [
		...(await reconcile(client, target, grantsOf(held), expectedGrants(table, directusRole, owner))),
		...(await ensureColumnPrivileges(client, table, qualified, owner)),
	];
}

/** Column by column, because a grant on one column is nowhere to be seen in the grants of its table. */
async function ensureColumnPrivileges(
	client: Sql,
	table: GuardedTable,
	qualified: string,
	owner: string,
): Promise<Change[]> {
	const columns = await rowsOf<{ column: string; held: Held[] | null }>(
		client,
		`select a.attname as column, (select json_agg(json_build_object(
				'grantee', case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end,
				'privilege', x.privilege_type, 'grantable', x.is_grantable)) from aclexplode(a.attacl) x) as held
		from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
		[qualified],
	);
	const changes: Change[] = [];
	for (const { column, held } of columns) {
		const expected = expectedOnColumn(table, column, owner);
		const target = { label: `${table.name}.${column}`, on: qualified, column, owner };
		changes.push(...(await reconcile(client, target, grantsOf(held ?? []), expected)));
	}
	return changes;
}

function expectedOnColumn({ name, stewards }: GuardedTable, column: string, owner: string): Grants {
	if (name === 'governance_grants' && GRANT_COLUMNS.includes(column)) {
		return new Map([['governance_reader', new Set(['SELECT'])]]);
	}
	const privileges = [
		...(stewards?.inserts.includes(column) ? ['INSERT'] : []),
		...(stewards?.updates.includes(column) ? ['UPDATE'] : []),
	];
	if (!stewards || stewards.role === owner || privileges.length === 0) return new Map();
	return new Map([[stewards.role, new Set(privileges)]]);
}

/** Schema governance itself: everybody concerned may look names up in it, and nobody but its owner creates anything. */
export async function ensureSchemaPrivileges(client: Sql, directusRole: string): Promise<Change[]> {
	const held = await rowsOf<Held>(
		client,
		`select case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end as grantee,
			a.privilege_type as privilege, a.is_grantable as grantable
		from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'governance' and a.grantee <> n.nspowner`,
	);
	const expected: Grants = new Map(
		['governance_writer', 'governance_reader', directusRole].map((role) => [role, new Set(['USAGE'])]),
	);
	const changes = await reconcile(
		client,
		{ label: 'schema governance', on: 'schema governance', owner: 'governance_owner' },
		grantsOf(held),
		expected,
	);
	return [...changes, ...(await ensureReaderColumns(client)), ...(await revokeReaderWrites(client))];
}

async function ensureReaderColumns(client: Sql): Promise<Change[]> {
	const changes: Change[] = [];
	for (const [table, wanted] of Object.entries(READABLE_BY_READER)) {
		const missing = await rowsOf<{ name: string }>(
			client,
			`select a.attname as name from pg_attribute a
			where a.attrelid = to_regclass($1) and a.attname = any ($2) and not a.attisdropped
				and not has_column_privilege('governance_reader', a.attrelid, a.attnum, 'SELECT')`,
			[`public.${table}`, wanted],
		);
		if (missing.length === 0) continue;
		const columns = missing.map(({ name }) => identifier(name)).join(', ');
		await client.query(`grant select (${columns}) on public.${table} to governance_reader`);
		changes.push({
			action: 'add',
			area: 'privilege',
			subject: `${table} for governance_reader`,
			detail: `+ SELECT (${columns})`,
		});
	}
	return changes;
}

/** An executor's safety is that its role can write nowhere, in Directus's own tables neither. */
async function revokeReaderWrites(client: Sql): Promise<Change[]> {
	const excess = await rowsOf<{ table: string; column: string | null; privilege: string }>(
		client,
		`select format('%I.%I', n.nspname, c.relname) as table, x.column, x.privilege_type as privilege
		from pg_class c join pg_namespace n on n.oid = c.relnamespace, lateral (
			select null as column, a.grantee, a.privilege_type from aclexplode(c.relacl) a
			union all select t.attname, a.grantee, a.privilege_type from pg_attribute t, aclexplode(t.attacl) a where t.attrelid = c.oid) x
		where c.relkind in ('r', 'p', 'v', 'm', 'f') and x.grantee = 'governance_reader'::regrole and x.privilege_type <> 'SELECT' order by 1, 2, 3`,
	);
	for (const { table, column, privilege } of excess) {
		await client.query(
			`revoke ${privilege}${column === null ? '' : ` (${identifier(column)})`} on ${table} from governance_reader cascade`,
		);
	}
	return excess.map(({ table, column, privilege }) => ({
		action: 'remove',
		area: 'privilege',
		subject: `${table}${column === null ? '' : `.${column}`} for governance_reader`,
		detail: `− ${privilege}`,
	}));
}
