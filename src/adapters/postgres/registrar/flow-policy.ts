import type { PolicyDocument } from '../../../contracts/policy.ts';
import { OWN_OPERATIONS } from '../../../core/flow-shape.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { asRole, rowsOf, type Sql } from './session.ts';

/** Mirrors what the policy says of flows into the table that the row guards of flows and operations read. */
export async function ensureFlowPolicy(client: Sql, { mode, helpers }: PolicyDocument['flows']): Promise<Change[]> {
	const operations = [...new Set([...Object.values(OWN_OPERATIONS), ...helpers])].sort();
	const [present] = await rowsOf<{ mode: string; operations: string[] }>(
		client,
		'select mode, operations from governance.flow_policy',
	);
	if (present?.mode === mode && present.operations.join('\n') === operations.join('\n')) return [];
	await asRole(client, 'governance_writer', () =>
		client.query(
			`insert into governance.flow_policy (mode, operations) values ($1, $2)
			on conflict (singleton) do update set mode = excluded.mode, operations = excluded.operations`,
			[mode, operations],
		),
	);
	const detail = `${mode}: ${operations.join(', ')}`;
	return [{ action: present ? 'change' : 'add', area: 'structure', subject: 'flow policy', detail }];
}
