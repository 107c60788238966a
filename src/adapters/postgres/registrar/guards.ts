import {
	type GuardedTable,
	type GuardTrigger,
	guardTriggersOf,
	METADATA_TABLES,
	metadataTriggersOf,
} from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

/** Puts the guards on a table, or back on it, and makes each fire in every session (`ENABLE ALWAYS`). */
export async function ensureGuards(client: Sql, table: GuardedTable): Promise<Change[]> {
	// Quoted by PostgreSQL itself, which alone knows its keywords: the definition must equal what pg_get_triggerdef prints.
	const [row] = await rowsOf<{ name: string }>(client, `select format('%I.%I', $1::text, $2::text) as name`, [
		table.schema,
		table.name,
	]);
	const qualified = row?.name ?? '';
	return ensureTriggers(client, qualified, guardTriggersOf(table, qualified));
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
