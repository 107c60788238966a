import pg from 'pg';
import type { Fault } from '../../service/ports/registrar.ts';
import { METADATA_PROBES } from './metadata-probes.ts';
import { lockPlainTable } from './registrar/plain-table.ts';

/** One write that was really tried and rolled back. `refused` only when a guard or a missing privilege said no. */
export interface ProbeResult {
	table: string;
	action: 'insert' | 'update' | 'delete' | 'truncate';
	layer: 'privilege' | 'guard';
	refused: boolean;
	observed: string;
}

const ACTIONS = ['insert', 'update', 'delete', 'truncate'] as const;

interface Target {
	name: string;
	column: string;
	owner: string;
	/** A TRUNCATE that no guard stops would also fire triggers of tables that point here, with the operator's rights. */
	guarded: boolean;
}

/**
 * Tries each kind of write on every governed table and rolls it back: once as Directus's role (is the privilege really
 * missing?) and once as the table's owner (does the trigger bite where privileges do not?). Then tries to describe a
 * governed collection anew in Directus's metadata. The caller's session must be allowed to become both roles, and the
 * registrar must have found all these tables plain.
 */
export async function probeGuards(client: Pick<pg.Client, 'query'>, directusRole: string): Promise<ProbeResult[]> {
	const { rows } = await client.query<Target>(
		`select c.relname as name, a.attname as column, pg_get_userbyid(c.relowner) as owner, exists (select from pg_catalog.pg_trigger t
				where t.tgrelid = c.oid and t.tgname = 'governance_a_assert_safe' and t.tgenabled = 'A') as guarded
		from governance.governed_collections g
		join pg_catalog.pg_class c on c.relname = g.collection and c.relnamespace = 'public'::regnamespace
		join lateral (select attname from pg_catalog.pg_attribute
			where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum limit 1) a on true
		order by 1`,
	);
	const results: ProbeResult[] = [];
	await client.query('begin');
	try {
		for (const target of rows) {
			const fault = await plantedOn(client, target);
			for (const action of ACTIONS) {
				if (fault) {
					const observed = `not tried: ${fault.problem}`;
					results.push({ table: target.name, action, layer: 'guard', refused: false, observed });
					continue;
				}
				if (action === 'truncate' && !target.guarded) {
					results.push({
						table: target.name,
						action,
						layer: 'guard',
						refused: false,
						observed: 'no guard, so not tried',
					});
					continue;
				}
				const statement = statementOf(action, target);
				results.push({
					table: target.name,
					action,
					layer: 'privilege',
					...(await tryAs(client, directusRole, statement, /^(42501|GD00\d)$/)),
				});
				results.push({
					table: target.name,
					action,
					layer: 'guard',
					// An open table that points here is emptied along, and refuses first where the owner may not touch it.
					...(await tryAs(client, target.owner, statement, action === 'truncate' ? /^(GD00\d|42501)$/ : /^GD00\d$/)),
				});
			}
		}
		for (const { table, statement } of METADATA_PROBES) {
			results.push({
				table,
				action: 'insert',
				layer: 'guard',
				...(await tryMetadata(client, directusRole, table, statement)),
			});
		}
	} finally {
		await client.query('rollback');
	}
	return results;
}

/** Where Directus's role owns the table (strength `single-role`), what it plants there would run in this session. */
async function plantedOn(client: Pick<pg.Client, 'query'>, { name, owner }: Target): Promise<Fault | undefined> {
	if (owner === 'governance_owner') return undefined;
	return (await lockPlainTable(client, `public.${pg.escapeIdentifier(name)}`))[0];
}

/** These tables are Directus's own: what its role plants there runs in this session, so it is locked and looked at first. */
async function tryMetadata(
	client: Pick<pg.Client, 'query'>,
	directusRole: string,
	table: string,
	statement: string,
): Promise<{ refused: boolean; observed: string }> {
	const [fault] = await lockPlainTable(client, `public.${table}`);
	if (fault) return { refused: false, observed: `not tried: ${fault.subject} ${fault.problem}` };
	return tryAs(client, directusRole, statement, /^GD005$/);
}

/** None of these touches a row. `default` may be assigned to any column, an identity column included. */
function statementOf(action: (typeof ACTIONS)[number], { name, column }: Target): string {
	const table = `public.${pg.escapeIdentifier(name)}`;
	switch (action) {
		case 'insert':
			return `insert into ${table} overriding system value select * from ${table} where false`;
		case 'update':
			return `update ${table} set ${pg.escapeIdentifier(column)} = default where false`;
		case 'delete':
			return `delete from ${table} where false`;
		case 'truncate':
			return `truncate ${table} cascade`;
		default:
			return action satisfies never;
	}
}

/** `refusals`: the SQLSTATEs that prove the layer. Any other error proves nothing. */
async function tryAs(
	client: Pick<pg.Client, 'query'>,
	role: string,
	statement: string,
	refusals: RegExp,
): Promise<{ refused: boolean; observed: string }> {
	await client.query('savepoint probe');
	try {
		await client.query(`set local role ${pg.escapeIdentifier(role)}`);
		await client.query(statement);
		return { refused: false, observed: 'the write went through (rolled back)' };
	} catch (error) {
		const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
		return {
			refused: refusals.test(code),
			observed: error instanceof Error ? `${code} ${error.message}`.trim() : 'unknown error',
		};
	} finally {
		await client.query('rollback to savepoint probe; release savepoint probe');
	}
}
