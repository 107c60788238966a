import { randomUUID } from 'node:crypto';
import type { CensusCount } from '../../../contracts/census.ts';
import type { EvidenceEntry } from '../../../contracts/evidence.ts';
import { policyDocumentSchema } from '../../../contracts/policy.ts';
import { evidenceBody } from '../evidence-log.ts';
import { asRole, openOperatorSession, rowsOf, type Sql } from '../registrar/session.ts';

/** Records what a census saw, so that posture and packets can say when that was. Counts only: what was asked stays with the operator. */
export async function recordCensus(operatorUrl: string, counts: readonly CensusCount[]): Promise<void> {
	const client = await openOperatorSession(operatorUrl);
	try {
		await client.query('begin');
		const policy = await currentPolicy(client);
		const entry: EvidenceEntry = {
			v: 1,
			kind: 'census',
			at: new Date().toISOString(),
			instance: policy?.instance ?? null,
			surface: 'cli',
			actor: { kind: 'operator', user: null, role: null },
			facts: { generation: policy?.generation ?? null, surfaces: counts },
		};
		await asRole(client, 'governance_writer', () =>
			client.query('select governance.append_evidence($1)', [
				JSON.stringify([{ id: randomUUID(), body: evidenceBody(entry) }]),
			]),
		);
		await client.query('commit');
	} finally {
		await client.end().catch(() => undefined);
	}
}

/** The operator made this row and nobody else can; its signature is the bundle's concern. */
async function currentPolicy(client: Sql) {
	const [row] = await rowsOf<{ jws: string }>(
		client,
		'select jws from governance.policy order by generation desc limit 1',
	);
	const payload = row?.jws.split('.')[1];
	if (payload === undefined) return undefined;
	const parsed = policyDocumentSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
	return parsed.success ? parsed.data : undefined;
}
