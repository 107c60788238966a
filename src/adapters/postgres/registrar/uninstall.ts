import { METADATA_TABLES, metadataTriggersOf, OWN_TABLES } from '../../../core/governed-tables.ts';
import type { Change, Fault } from '../../../service/ports/registrar.ts';
import { lockPlainTable } from './plain-table.ts';
import { releaseContentTable } from './release.ts';
import { asRole, identifier, lockRegistrar, openOperatorSession, rowsOf, type Sql } from './session.ts';

export type UninstallOutcome =
	| { kind: 'uninstalled'; changes: Change[]; keptRoles: string[] }
	| { kind: 'absent' }
	| { kind: 'refused'; faults: Fault[] };

const ROLES = ['governance_owner', 'governance_writer', 'governance_reader'];

/**
 * With `commit: false` only says what would go. Otherwise takes everything away that apply put into the database, in one transaction: content tables go back to Directus's role
 * with their rows, the registry and its evidence are dropped. Roles are dropped unless another database still uses them.
 */
export async function uninstall(
	operatorUrl: string,
	directusRole: string,
	{ commit }: { commit: boolean },
): Promise<UninstallOutcome> {
	const client = await openOperatorSession(operatorUrl);
	try {
		await client.query('begin');
		const outcome = await withinTransaction(client, directusRole);
		await client.query(outcome.kind === 'uninstalled' && commit ? 'commit' : 'rollback');
		if (outcome.kind === 'uninstalled' && commit) outcome.keptRoles = await dropRoles(client);
		return outcome;
	} finally {
		await client.end().catch(() => undefined);
	}
}

async function withinTransaction(client: Sql, directusRole: string): Promise<UninstallOutcome> {
	await lockRegistrar(client);
	const [schema] = await rowsOf(client, `select 1 from pg_namespace where nspname = 'governance'`);
	if (!schema) return { kind: 'absent' };
	const faults = await unsafeTables(client);
	if (faults.length > 0) return { kind: 'refused', faults };
	const governed = await rowsOf<{ collection: string }>(
		client,
		`select collection from governance.governed_collections where class = 'governed' order by 1`,
	);
	const changes: Change[] = [];
	for (const { collection } of governed) changes.push(...(await releaseContentTable(client, collection, directusRole)));
	await dropMetadataGuards(client);
	changes.push(...(await withdrawExposure(client)));
	await asRole(client, 'governance_owner', async () => {
		const own = OWN_TABLES.filter(({ schema: home }) => home === 'public').map(
			({ name }) => `public.${identifier(name)}`,
		);
		await client.query(`drop table if exists ${own.join(', ')} restrict`);
	});
	await client.query('drop schema governance cascade');
	await revokeFromReader(client);
	changes.push({
		action: 'remove',
		area: 'structure',
		subject: 'schema governance',
		detail: 'registry, ledgers, functions and policy',
	});
	return { kind: 'uninstalled', changes, keptRoles: [] };
}

/**
 * Deleting from directus_collections reaches the tables that point there. A deferred trigger planted on one of those would
 * run at commit, before PostgreSQL 18 with the operator's rights.
 */
async function unsafeTables(client: Sql): Promise<Fault[]> {
	const faults = await lockPlainTable(client, 'public.directus_collections');
	if (faults.length > 0) return faults;
	const pointing = await rowsOf<{ name: string }>(
		client,
		`select distinct format('%I.%I', n.nspname, c.relname) as name
		from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
		where k.contype = 'f' and k.confrelid = to_regclass('public.directus_collections') and k.conrelid <> k.confrelid order by 1`,
	);
	for (const { name } of pointing) faults.push(...(await lockPlainTable(client, name)));
	return faults;
}

async function dropMetadataGuards(client: Sql): Promise<void> {
	for (const table of METADATA_TABLES) {
		for (const { name } of metadataTriggersOf(table))
			await client.query(`drop trigger if exists ${name} on public.${table.name}`);
	}
}

/** The operator holds the rights of Directus's role, and the metadata guards are gone by now. */
async function withdrawExposure(client: Sql): Promise<Change[]> {
	const own = OWN_TABLES.filter(({ schema }) => schema === 'public').map(({ name }) => name);
	const rows = await rowsOf<{ collection: string }>(
		client,
		'delete from public.directus_collections where collection = any ($1) returning collection',
		[own],
	);
	return rows.map(({ collection }) => ({
		action: 'remove',
		area: 'exposure',
		subject: collection,
		detail: 'no longer shown in Directus',
	}));
}

async function revokeFromReader(client: Sql): Promise<void> {
	const columns = await rowsOf<{ table: string; column: string }>(
		client,
		`select a.attrelid::regclass::text as table, a.attname as column
		from pg_attribute a, aclexplode(a.attacl) x where pg_get_userbyid(x.grantee) = 'governance_reader'`,
	);
	for (const { table, column } of columns) {
		await client.query(`revoke select (${identifier(column)}) on ${table} from governance_reader`);
	}
}

/** Roles belong to the server: one that another governed database still needs stays, and is named. */
async function dropRoles(client: Sql): Promise<string[]> {
	const kept: string[] = [];
	for (const role of ROLES) {
		try {
			await client.query(`drop role if exists ${role}`);
		} catch {
			kept.push(role);
		}
	}
	return kept;
}
