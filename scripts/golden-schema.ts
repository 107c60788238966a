/**
 * Dumps the database structure that `governed apply` makes, from a PostgreSQL started for it.
 *
 *   node scripts/golden-schema.ts --write    write test/golden/schema.sql
 *   node scripts/golden-schema.ts --check    fail when the written file differs from what apply makes
 *
 * The integration tests compare the same dump, on PostgreSQL 15 and 18.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directusDatabase, startCluster } from '../instance/cluster.ts';
import { withClient } from '../instance/roles.ts';
import { createPolicyKeys, loadPolicySigner } from '../src/adapters/keys/policy-keys.ts';
import { applyDesiredState } from '../src/adapters/postgres/registrar/apply.ts';
import { governanceConfigSchema } from '../src/config/schema.ts';
import { desiredState } from '../src/service/register/desired-state.ts';
import { dumpCatalogue } from './catalogue-dump.ts';

const TARGET = 'test/golden/schema.sql';

async function currentSchema(): Promise<string> {
	const cluster = await startCluster();
	const keys = await mkdtemp(join(tmpdir(), 'governed-keys-'));
	try {
		const database = await directusDatabase(cluster.handle);
		await createPolicyKeys(keys);
		const desired = desiredState(governanceConfigSchema.parse({ environment: 'golden' }));
		await applyDesiredState(database.operatorUrl, desired, await loadPolicySigner(keys), { commit: true });
		return await withClient(database.superuserUrl, (client) => dumpCatalogue(client, 'product'));
	} finally {
		await rm(keys, { recursive: true, force: true });
		await cluster.stop();
	}
}

const schema = await currentSchema();
if (process.argv.includes('--write')) {
	await writeFile(TARGET, schema);
	process.stdout.write(`golden-schema: wrote ${TARGET}\n`);
} else if (schema !== (await readFile(TARGET, 'utf8').catch(() => ''))) {
	process.stderr.write(`golden-schema: ${TARGET} is not what apply makes; run with --write and read the difference\n`);
	process.exitCode = 1;
} else {
	process.stdout.write(`golden-schema: ${TARGET} is current\n`);
}
