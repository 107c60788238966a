import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestInstance } from '../../../instance/harness.ts';
import { at, call } from '../../../instance/http.ts';
import { withClient } from '../../../instance/roles.ts';
import type { GovernanceDeclaration } from '../../../src/config/schema.ts';
import { until } from './dispatch-instance.ts';

/** The collections of the guard tests; agents may write flows, so that only the shape of a flow is at stake. */
export const FLOW_DECLARATION: GovernanceDeclaration = {
	environment: 'test',
	directus_role: 'directus',
	collections: { gov_items: {}, gov_single: {} },
	write_allowlist: [
		{ collection: 'directus_flows', actions: ['create', 'update', 'delete'] },
		{ collection: 'directus_operations', actions: ['create', 'update', 'delete'] },
	],
};

/** The same where flows are only reported: what the guard would have refused goes through. */
export const REPORTED: GovernanceDeclaration = { ...FLOW_DECLARATION, flows: { mode: 'report' } };

let counter = 0;

/** Applies a declaration and waits until the running Directus has it. */
export async function govern(instance: TestInstance, declaration: GovernanceDeclaration): Promise<void> {
	counter += 1;
	const file = join(instance.folder, `declaration-${counter}.mjs`);
	await writeFile(file, `export default ${JSON.stringify(declaration)};\n`);
	await instance.apply(file);
	await untilInForce(instance);
}

/** Waits until nothing holds, and the newest generation is in force. */
export async function untilInForce(instance: TestInstance): Promise<void> {
	const generation = await withClient(instance.database.superuserUrl, async (client) => {
		const { rows } = await client.query('select max(generation) as generation from governance.policy');
		return Number(rows[0]?.generation);
	});
	await until(async () => {
		const answer = await call(`${instance.url}/governance/health`, { token: instance.adminToken });
		return at(answer.body, 'data', 'generation') === generation;
	});
}
