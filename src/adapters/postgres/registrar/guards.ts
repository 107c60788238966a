import {
	type GuardedTable,
	type GuardTrigger,
	guardTriggersOf,
	METADATA_TABLES,
	metadataTriggersOf,
} from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

interface PresentTrigger {
	name: string;
	definition: string;
	/** `A`: fires in every session, also where session_replication_role says replica. */
	enabled: string;
}

/** Puts the guards on a table, or back on it, and makes each fire in every session (`ENABLE ALWAYS`). */
export function ensureGuards(client: Sql, table: GuardedTable): Promise<Change[]> {
	return ensureTriggers(client, table, (qualifiedName) => guardTriggersOf(table, qualifiedName));
}

/** Guards the rows of Directus's metadata tables that describe governed collections or this bundle. */
export async function ensureMetadataGuards(client: Sql): Promise<Change[]> {
	const changes: Change[] = [];
	for (const table of METADATA_TABLES) {
		const found = await ensureTriggers(client, { schema: 'public', name: table.name }, () => metadataTriggersOf(table));
		changes.push(...found);
	}
	return changes;
}

async function ensureTriggers(
	client: Sql,
	{ schema, name: tableName }: Pick<GuardedTable, 'schema' | 'name'>,
	triggersOf: (qualifiedName: string) => GuardTrigger[],
): Promise<Change[]> {
	// The name is quoted by PostgreSQL itself, which alone knows its keywords: a definition must equal what it prints.
	const [row] = await rowsOf<{ table: string; present: PresentTrigger[] }>(
		client,
		`select q.name as table, coalesce((select json_agg(json_build_object(
				'name', tgname, 'definition', pg_get_triggerdef(oid), 'enabled', tgenabled) order by tgname)
			from pg_trigger where tgrelid = to_regclass(q.name) and not tgisinternal and tgname like 'governance\\_%'), '[]') as present
		from format('%I.%I', $1::text, $2::text) q (name)`,
		[schema, tableName],
	);
	const { table, present } = row ?? { table: '', present: [] };
	const wanted = triggersOf(table);
	const changes: Change[] = [];
	for (const { name, definition } of wanted) {
		const found = present.find((trigger) => trigger.name === name);
		if (found?.definition === definition && found.enabled === 'A') continue;
		if (found) await client.query(`drop trigger ${identifier(name)} on ${table}`);
		await client.query(definition);
		await client.query(`alter table ${table} enable always trigger ${name}`);
		changes.push({
			action: found ? 'change' : 'add',
			area: 'guard',
			subject: table,
			detail: found ? `${name} was altered or disabled` : name,
		});
	}
	for (const { name } of present) {
		if (wanted.some((trigger) => trigger.name === name)) continue;
		// Whoever owns a metadata table chose this name; unquoted it could be a statement.
		await client.query(`drop trigger ${identifier(name)} on ${table}`);
		changes.push({ action: 'remove', area: 'guard', subject: table, detail: name });
	}
	return changes;
}
