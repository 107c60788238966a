import { randomUUID } from 'node:crypto';
import type { EvidenceEntry } from '../../../contracts/evidence.ts';
import type { GrantClaims } from '../../../contracts/grant.ts';
import { evidenceBody } from '../evidence-log.ts';
import type { VerifiedSession } from './apply.ts';
import { asRole, rowsOf, type Sql } from './session.ts';

/** A grant as the operator sees it. Times are ISO 8601. The grant itself is nowhere in the database, only its hash. */
export interface GrantRow {
	id: string;
	tool: string;
	caller: string;
	modes: string[];
	lane: string | null;
	expires_at: string;
	max_uses: number;
	uses: number;
	state: 'valid' | 'revoked' | 'expired' | 'exhausted' | 'contract_changed';
}

/** The modes the stored contract of a tool offers; null when there is no contract. */
export async function contractModes(client: Sql, tool: string): Promise<{ modes: string[] } | null> {
	const [row] = await rowsOf<{ modes: string[] }>(
		client,
		'select modes from public.dot_agent_api_contract where tool = $1',
		[tool],
	);
	return row ?? null;
}

/** Registers a minted grant. */
export async function registerGrant(session: VerifiedSession, claims: GrantClaims, tokenHash: string): Promise<void> {
	const { jti, tool, sub, modes, contract, lane, exp, max_uses } = claims;
	await asRole(session.client, 'governance_writer', async () => {
		await session.client.query(
			`insert into public.governance_grants (id, token_hash, tool, caller, modes, contract_digest, lane, expires_at, max_uses)
			values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8), $9)`,
			[jti, tokenHash, tool, sub, JSON.stringify(modes), contract, lane, exp, max_uses],
		);
		await record(session, { event: 'minted', grant_id: jti, tool, caller: sub, modes, lane, expires: exp, max_uses });
	});
}

/** Takes grants back, for good and on every node at once; answers with the ids that were valid until now. */
export async function revokeGrants(session: VerifiedSession, ids: readonly string[]): Promise<string[]> {
	return asRole(session.client, 'governance_writer', async () => {
		const rows = await rowsOf<{ id: string }>(
			session.client,
			'update public.governance_grants set revoked_at = now() where id = any ($1) and revoked_at is null returning id',
			[ids],
		);
		for (const { id } of rows) await record(session, { event: 'revoked', grant_id: id });
		return rows.map(({ id }) => id);
	});
}

/** Every grant ever minted, newest last. */
export async function listGrants(client: Sql): Promise<GrantRow[]> {
	return rowsOf<GrantRow>(
		client,
		`select g.id, g.tool, g.caller, g.modes, g.lane, to_char(g.expires_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires_at,
			g.max_uses, u.n as uses, case when g.revoked_at is not null then 'revoked' when g.expires_at <= now() then 'expired'
				when u.n >= g.max_uses then 'exhausted' when c.digest is distinct from g.contract_digest then 'contract_changed'
				else 'valid' end as state
		from public.governance_grants g
		left join public.dot_agent_api_contract c on c.tool = g.tool
		cross join lateral (select count(*)::integer as n from governance.grant_uses x where x.grant_id = g.id) u
		order by g.expires_at, g.id`,
	);
}

async function record({ client, policy, applyId }: VerifiedSession, facts: Record<string, unknown>): Promise<void> {
	const entry: EvidenceEntry = {
		v: 1,
		kind: 'grant',
		at: new Date().toISOString(),
		instance: policy.instance,
		surface: 'cli',
		actor: { kind: 'operator', user: null, role: null },
		facts: { ...facts, apply_id: applyId },
	};
	await client.query('select governance.append_evidence($1)', [
		JSON.stringify([{ id: randomUUID(), body: evidenceBody(entry) }]),
	]);
}
