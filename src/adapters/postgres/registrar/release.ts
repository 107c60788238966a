import { guardTriggersOf } from '../../../core/governed-tables.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { asRole, identifier, rowsOf, type Sql } from './session.ts';

/**
 * Gives a content table back to Directus's role: guards dropped, privileges of others revoked, birth certificates deleted,
 * rows as they are. Inside the open transaction, before the list of governed collections is rewritten.
 */
export async function releaseContentTable(client: Sql, name: string, directusRole: string): Promise<Change[]> {
	const qualified = `public.${identifier(name)}`;
	const change: Change = { action: 'remove', area: 'structure', subject: name, detail: `no longer governed, back to ${directusRole}` };
	const [table] = await rowsOf<{ owner: string }>(
		client,
		'select pg_get_userbyid(relowner) as owner from pg_class where oid = to_regclass($1)',
		[qualified],
	);
	if (table) {
		for (const trigger of guardTriggersOf({ schema: 'public', name, key: 'id', class: 'governed' })) {
			await client.query(`drop trigger if exists ${trigger.name} on ${qualified}`);
		}
		await client.query(`revoke all on ${qualified} from governance_writer, governance_reader`);
		await client.query(`alter table ${qualified} owner to ${identifier(directusRole)}`);
	}
	await asRole(client, 'governance_writer', () =>
		client.query('delete from governance.birth_certificates where collection = $1', [name]),
	);
	return [change];
}
