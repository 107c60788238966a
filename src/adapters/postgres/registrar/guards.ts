import { type GuardTrigger, type GuardedTable, guardTriggersOf, METADATA_TABLES, metadataTriggersOf, quoteIdentifier } from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { rowsOf, type Sql } from './session.ts';

/** Puts the guards on a table, or back on it, and makes each fire in every session (`ENABLE ALWAYS`). */
export async function ensureGuards(client: Sql, table: GuardedTable): Promise<Change[]> {
	return ensureTriggers(client, `${table.schema}.${quoteIdentifier(table.name)}`, guardTriggersOf(table));
}

/** Guards the rows of Directus's metadata tables that describe governed collections or this bundle. */
export async function ensureMetadataGuards(client: Sql): Promise<Change[]> {
	const changes: Change[] = [];
	for (const table of METADATA_TABLES) {
		changes.push(...(await ensureTriggers(client, `public.${table.name}`, metadataTriggersOf(table))));
	}
	return changes;
}

async function ensureTriggers(client: Sql, table: string, wanted: GuardTrigger[]): Promise<Change[]> {
	const present = await rowsOf<{ name: string; definition: string; enabled: string }>(
		client,
		`select tgname as name, pg_get_triggerdef(oid) as definition, tgenabled as enabled
		from pg_trigger where tgrelid = to_regclass($1) and not tgisinternal and tgname like 'governance\\_%'`,
		[table],
	);
	const changes: Change[] = [];
	for (const { name, definition } of wanted) {
		const found = present.find((trigger) => trigger.name === name);
		if (found?.definition === definition && found.enabled === 'A') continue;
		if (found) await client.query(`drop trigger ${name} on ${table}`);
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
		await client.query(`drop trigger ${name} on ${table}`);
		changes.push({ action: 'remove', area: 'guard', subject: table, detail: name });
	}
	return changes;
}
