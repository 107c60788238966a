import type { GuardedTable } from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

const FUNCTIONS_FOR_DIRECTUS = [
	'governance.append_evidence(jsonb)',
	'governance.claim_dispatches(jsonb)',
	'governance.settle_dispatches(jsonb)',
	'governance.is_governed(text)',
];

/** What Directus's role may read in schema governance: enough to verify the policy, nothing else. */
const READABLE_BY_DIRECTUS = ['policy', 'governed_collections'];

/** Columns of Directus's tables an executor may read. Options of flows can hold secrets, so they are left out. */
const READABLE_BY_READER: Record<string, string[]> = {
	directus_collections: ['collection', 'hidden', 'singleton', 'versioning', 'status'],
	directus_flows: ['id', 'name', 'status', 'trigger', 'operation'],
	directus_operations: ['id', 'name', 'key', 'type', 'flow', 'resolve', 'reject'],
};

type Grants = Map<string, Set<string>>;

function expectedGrants(table: GuardedTable, directusRole: string): Grants {
	const writes = table.class === 'ledger' ? ['INSERT'] : ['INSERT', 'UPDATE', 'DELETE'];
	const grants: Grants = new Map([['governance_writer', new Set(['SELECT', ...writes])]]);
	if (table.name === 'evidence_head') grants.set('governance_writer', new Set(['SELECT', 'UPDATE']));
	if (table.schema === 'public' || READABLE_BY_DIRECTUS.includes(table.name)) grants.set(directusRole, new Set(['SELECT']));
	const hidden = table.name === 'governance_grants' || table.name === 'evidence_head';
	if (!hidden) grants.set('governance_reader', new Set(['SELECT']));
	return grants;
}

/** Sets a governed table's privileges to exactly what its class allows; anything more that somebody granted is revoked. */
export async function ensureTablePrivileges(client: Sql, table: GuardedTable, directusRole: string): Promise<Change[]> {
	const qualified = `${table.schema}.${identifier(table.name)}`;
	const actual = await actualGrants(client, qualified);
	const expected = expectedGrants(table, directusRole);
	const changes: Change[] = [];
	for (const grantee of new Set([...actual.keys(), ...expected.keys()])) {
		const has = actual.get(grantee) ?? new Set();
		const wants = expected.get(grantee) ?? new Set();
		const excess = [...has].filter((privilege) => !wants.has(privilege));
		const missing = [...wants].filter((privilege) => !has.has(privilege));
		const who = grantee === 'PUBLIC' ? 'public' : identifier(grantee);
		if (excess.length > 0) await client.query(`revoke ${excess.join(', ')} on ${qualified} from ${who} cascade`);
		if (missing.length > 0) await client.query(`grant ${missing.join(', ')} on ${qualified} to ${who}`);
		const detail = [...excess.map((privilege) => `− ${privilege}`), ...missing.map((privilege) => `+ ${privilege}`)];
		if (detail.length > 0) {
			changes.push({ action: 'change', area: 'privilege', subject: `${table.name} for ${grantee}`, detail: detail.join(', ') });
		}
	}
	return [...changes, ...(await revokeColumnGrants(client, table, qualified, directusRole))];
}

async function actualGrants(client: Sql, qualified: string): Promise<Grants> {
	const rows = await rowsOf<{ grantee: string; privilege: string }>(
		client,
		`select case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end as grantee, a.privilege_type as privilege
		from pg_class c, aclexplode(c.relacl) a where c.oid = to_regclass($1) and a.grantee <> c.relowner`,
		[qualified],
	);
	const grants: Grants = new Map();
	for (const { grantee, privilege } of rows) grants.set(grantee, (grants.get(grantee) ?? new Set()).add(privilege));
	return grants;
}

async function revokeColumnGrants(client: Sql, table: GuardedTable, qualified: string, directusRole: string): Promise<Change[]> {
	const rows = await rowsOf<{ column: string; grantee: string; privilege: string }>(
		client,
		`select a.attname as column, case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end as grantee,
			x.privilege_type as privilege
		from pg_attribute a, aclexplode(a.attacl) x
		where a.attrelid = to_regclass($1) and not (x.privilege_type = 'SELECT' and pg_get_userbyid(x.grantee) = any ($2))`,
		[qualified, ['governance_reader', directusRole]],
	);
	for (const { column, grantee, privilege } of rows) {
		const who = grantee === 'PUBLIC' ? 'public' : identifier(grantee);
		await client.query(`revoke ${privilege} (${identifier(column)}) on ${qualified} from ${who} cascade`);
	}
	return rows.map(({ column, grantee, privilege }) => ({
		action: 'remove',
		area: 'privilege',
		subject: `${table.name}.${column} for ${grantee}`,
		detail: `− ${privilege}`,
	}));
}

/** Lets Directus's role call the ledger functions and read the policy, and executors read the graph's sources. */
export async function ensureSchemaPrivileges(client: Sql, directusRole: string): Promise<Change[]> {
	const changes: Change[] = [];
	const [schema] = await rowsOf<{ usage: boolean; create: boolean }>(
		client,
		`select has_schema_privilege($1, 'governance', 'USAGE') as usage, has_schema_privilege($1, 'governance', 'CREATE') as create`,
		[directusRole],
	);
	if (!schema?.usage) {
		await client.query(`grant usage on schema governance to ${identifier(directusRole)}`);
		changes.push({ action: 'add', area: 'privilege', subject: `schema governance for ${directusRole}`, detail: '+ USAGE' });
	}
	if (schema?.create) {
		await client.query(`revoke create on schema governance from ${identifier(directusRole)}, public`);
		changes.push({ action: 'remove', area: 'privilege', subject: `schema governance for ${directusRole}`, detail: '− CREATE' });
	}
	for (const call of FUNCTIONS_FOR_DIRECTUS) {
		const [row] = await rowsOf<{ ok: boolean }>(client, `select has_function_privilege($1, $2, 'EXECUTE') as ok`, [directusRole, call]);
		if (row?.ok) continue;
		await client.query(`grant execute on function ${call} to ${identifier(directusRole)}`);
		changes.push({ action: 'add', area: 'privilege', subject: `${call} for ${directusRole}`, detail: '+ EXECUTE' });
	}
	return [...changes, ...(await ensureReaderColumns(client))];
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
		changes.push({ action: 'add', area: 'privilege', subject: `${table} for governance_reader`, detail: `+ SELECT (${columns})` });
	}
	return changes;
}
