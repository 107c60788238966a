import { postgresSettings } from '../../src/adapters/directus/connection.ts';
import type { ExtensionContext } from '../../src/adapters/directus/directus-types.ts';
import { type DirectusRuntime, type ProcessSlot, processSlot } from '../../src/adapters/directus/runtime.ts';
import { unsupportedRuntime } from '../../src/adapters/directus/unsupported-runtime.ts';
import { createPolicyVerifier } from '../../src/adapters/keys/policy-verifier.ts';
import { createCatalogueWatch } from '../../src/adapters/postgres/catalogue-watch.ts';
import { withDescriptions } from '../../src/adapters/postgres/described-watch.ts';
import { createEvidenceLog } from '../../src/adapters/postgres/evidence-log.ts';
import { createPolicySource } from '../../src/adapters/postgres/policy-source.ts';
import { openPool } from '../../src/adapters/postgres/pool.ts';
import { createSelfTest } from '../../src/adapters/postgres/self-test.ts';
import { createDatabaseWatch } from '../../src/service/guard/database-watch.ts';
import { createPolicyKeeper } from '../../src/service/guard/policy-keeper.ts';
import type { ProbeResult } from '../../src/service/guard/runtime.ts';

/** The process-wide runtime with what is installed once per process around it; every entry of the bundle gets the same. */
export function getSlot(context: ExtensionContext): ProcessSlot {
	return processSlot(() => createRuntime(context));
}

function createRuntime(context: ExtensionContext): DirectusRuntime {
	const settings = postgresSettings(context.database);

	if (settings === null) {
		context.logger.warn(
			'governed-dispatch: unsupported database, only PostgreSQL can be governed; nothing is governed or changed',
		);
		return unsupportedRuntime();
	}

	const pool = openPool(settings);
	const now = () => new Date().toISOString();
	const watch = createDatabaseWatch({
		catalogue: withDescriptions(createCatalogueWatch(pool), pool, () => performance.now()),
		selfTest: createSelfTest(pool, now),
		hold: (detail) => keeper.hold('DATABASE_GUARD_NOT_DEMONSTRATED', detail),
		elapsed: () => performance.now(),
		now,
	});
	const verifier = createPolicyVerifier(keysDir(context.env));
	const keeper = createPolicyKeeper(createPolicySource(pool, settings), verifier, watch.inspect);
	let probes: readonly ProbeResult[] = [];

	return {
		pool,
		evidence: createEvidenceLog(pool),
		state: keeper.state,
		ready: keeper.ready,
		onPolicy: keeper.onChange,
		hold: keeper.hold,
		refresh: keeper.refresh,
		probes: () => probes,
		recordProbes(results) {
			probes = results;
		},
		databaseControls: watch.controls,
		testDatabase: watch.test,
		async close() {
			keeper.close();
			if (!pool.ending) await pool.end();
		},
	};
}

function keysDir(env: Record<string, unknown>): string | undefined {
	const value = env.GOVERNED_KEYS_DIR ?? process.env.GOVERNED_KEYS_DIR;
	return typeof value === 'string' && value !== '' ? value : undefined;
}
