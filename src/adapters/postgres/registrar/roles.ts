import type { Change } from '../../../service/ports/registrar.ts';
import { type Sql, rowsOf } from './session.ts';

const ROLES = ['governance_owner', 'governance_writer', 'governance_reader'] as const;

/** Creates the three roles of the product where they are missing, and lets the operator become owner and writer. */
export async function ensureRoles(client: Sql): Promise<Change[]> {
	const changes: Change[] = [];
	for (const role of ROLES) {
		const [existing] = await rowsOf(client, 'select 1 from pg_roles where rolname = $1', [role]);
		if (existing) continue;
		// Roles belong to the whole server: an installer in another database may create it at the same moment.
		await client.query(`do $$ begin create role ${role} nologin; exception when duplicate_object or unique_violation then null; end $$`);
		changes.push({ action: 'add', area: 'role', subject: role, detail: 'role without login' });
	}
	for (const role of ['governance_owner', 'governance_writer'] as const) {
		if (await mayBecome(client, role)) continue;
		await client.query(`grant ${role} to current_user`);
		changes.push({ action: 'add', area: 'role', subject: role, detail: 'the operator may become it' });
	}
	return changes;
}

async function mayBecome(client: Sql, role: string): Promise<boolean> {
	const [version] = await rowsOf<{ n: number }>(client, `select current_setting('server_version_num')::int as n`);
	const privilege = (version?.n ?? 0) >= 160_000 ? 'SET' : 'MEMBER';
	const [row] = await rowsOf<{ ok: boolean }>(
		client,
		`select pg_has_role(current_user, $1, '${privilege}') and pg_has_role(current_user, $1, 'USAGE') as ok`,
		[role],
	);
	return row?.ok === true;
}
