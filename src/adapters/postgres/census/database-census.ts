import type { CensusProbe } from '../../../contracts/census.ts';
import { METADATA_PROBES } from '../metadata-probes.ts';
import { lockPlainTable } from '../registrar/plain-table.ts';
import { openOperatorSession, rowsOf, type Sql } from '../registrar/session.ts';
import { GUARDED, REFUSED, tryAs } from './attempt.ts';
import { foreignKeyProbes } from './foreign-key.ts';
import { loginProbes } from './logins.ts';
import { type CensusTable, rowStatements, structureStatements } from './statements.ts';

/** How long a probe waits for somebody's lock, in milliseconds: it shall not stand in anybody's way. */
const LOCK_TIMEOUT_MS = 2_000;

/**
 * Tries every kind of write on every governed table, in one transaction of the operator's that is rolled back: as Directus's
 * role, as the table's owner, as every other login, on the structure, on the metadata rows, and by foreign-key actions. No
 * statement finds a row. The registrar must have found nothing planted.
 */
export async function databaseCensus(operatorUrl: string, directusRole: string): Promise<CensusProbe[]> {
	const client = await openOperatorSession(operatorUrl);
	try {
		await client.query(`begin; set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
		const probes: CensusProbe[] = [];
		const tables = await governedTables(client);
		for (const table of tables) probes.push(...(await tableProbes(client, table, directusRole)));
		probes.push(...(await loginProbes(client, tables, directusRole)));
		probes.push(...(await metadataProbes(client, directusRole)));
		probes.push(...(await foreignKeyProbes(client)));
		return probes;
	} finally {
		await client.query('rollback').catch(() => undefined);
		await client.end().catch(() => undefined);
	}
}

function governedTables(client: Sql): Promise<CensusTable[]> {
	return rowsOf<CensusTable>(
		client,
		`select format('%s.%s', n.nspname, c.relname) as label, format('%I.%I', n.nspname, c.relname) as name, pg_get_userbyid(c.relowner) as owner,
			a.attname as column, format_type(a.atttypid, a.atttypmod) as type, exists (select from pg_trigger t
				where t.tgrelid = c.oid and t.tgname = 'governance_a_assert_safe' and t.tgenabled = 'A') as guarded
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		join lateral (select * from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
			order by attnum limit 1) a on true
		where c.relkind = 'r' and (n.nspname = 'governance' or (n.nspname = 'public' and exists (
			select from governance.governed_collections g where g.collection = c.relname))) order by 1`,
	);
}

async function tableProbes(client: Sql, table: CensusTable, directusRole: string): Promise<CensusProbe[]> {
	const probes: CensusProbe[] = [];
	const owned = table.owner === 'governance_owner';
	const about = { subject: table.label };
	// Whatever its owner planted there would run in this session.
	const [fault] = owned ? [] : await lockPlainTable(client, table.name);
	if (fault)
		return [
			{
				...about,
				surface: 'database.directus',
				request: 'any',
				actor: directusRole,
				state: 'not_refused',
				observed: `not tried: ${fault.problem}`,
			},
		];
	if (!table.guarded)
		probes.push({
			...about,
			surface: 'database.owner',
			request: 'truncate',
			actor: table.owner,
			state: 'not_refused',
			observed: 'the first guard is missing or off, so not tried',
		});
	for (const { request, sql } of rowStatements(table)) {
		const asDirectus = await tryAs(client, directusRole, sql, REFUSED);
		probes.push({ ...about, surface: 'database.directus', request, actor: directusRole, ...asDirectus });
		probes.push({
			...about,
			surface: 'database.owner',
			request,
			actor: table.owner,
			// An open table that points here is emptied along, and refuses first where the owner may not touch it.
			...(await tryAs(client, table.owner, sql, request === 'truncate' ? REFUSED : GUARDED)),
		});
	}
	for (const { request, sql } of structureStatements(table, directusRole)) {
		const tried = owned
			? await tryAs(client, directusRole, sql, REFUSED)
			: { state: 'owner_can' as const, observed: `not tried: ${table.owner} owns the table` };
		probes.push({ ...about, surface: 'database.structure', request, actor: directusRole, ...tried });
	}
	return probes;
}

/** These tables are Directus's own: what its role plants there runs in this session, so each is locked and looked at first. */
async function metadataProbes(client: Sql, directusRole: string): Promise<CensusProbe[]> {
	const probes: CensusProbe[] = [];
	for (const { table, statement } of METADATA_PROBES) {
		const about = { surface: 'database.metadata' as const, subject: table, request: 'insert', actor: directusRole };
		const [fault] = await lockPlainTable(client, `public.${table}`);
		if (fault) probes.push({ ...about, state: 'not_refused', observed: `not tried: ${fault.problem}` });
		else probes.push({ ...about, ...(await tryAs(client, directusRole, statement, /^GD005$/)) });
	}
	return probes;
}
