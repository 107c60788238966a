import { randomUUID } from 'node:crypto';
import type { EvidenceEntry } from '../../../contracts/evidence.ts';
import type { PolicyDocument } from '../../../contracts/policy.ts';
import { digestOf } from '../../../service/canonical.ts';
import type { Change, DesiredState, PolicySigner } from '../../../service/ports/registrar.ts';
import { evidenceBody } from '../evidence-log.ts';
import { signedMark } from './policy.ts';
import { asRole, type Sql } from './session.ts';

/** Tool whose `last_executed` says when the registrar last changed anything. */
const REGISTRAR_TOOL = 'DOT_REGISTER';

/** The record every row born in this transaction points to. It is rolled back with it when nothing changed. */
export async function recordApply(client: Sql, applyId: string, { configDigest }: DesiredState): Promise<void> {
	await asRole(client, 'governance_writer', () =>
		client.query(
			`insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
			values ($1, pg_current_xact_id(), $2, $2, session_user, '{}')`,
			[applyId, configDigest],
		),
	);
}

/** Ends an apply that changed something: its entry in the evidence log, and word to every running bundle. */
export async function concludeApply(
	client: Sql,
	applyId: string,
	changes: Change[],
	policy: PolicyDocument,
	signer: PolicySigner,
): Promise<void> {
	const mark = await signedMark(signer, policy);
	const summary = { changes: changes.length, change_digest: digestOf(changes) };
	const entry: EvidenceEntry = {
		v: 1,
		kind: 'apply',
		at: new Date().toISOString(),
		instance: policy.instance,
		surface: 'cli',
		actor: { kind: 'operator', user: null, role: null },
		facts: { apply_id: applyId, generation: policy.generation, policy_digest: digestOf(policy), mark, ...summary },
	};
	await asRole(client, 'governance_writer', async () => {
		await client.query('update public.dot_tools set last_executed = now() where code = $1', [REGISTRAR_TOOL]);
		await client.query('select governance.append_evidence($1)', [
			JSON.stringify([{ id: randomUUID(), body: evidenceBody(entry) }]),
		]);
	});
	await client.query(`select pg_notify('governance_policy', $1)`, [String(policy.generation)]);
}
