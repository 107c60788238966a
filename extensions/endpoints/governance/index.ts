import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExtensionContext } from '../../../src/adapters/directus/directus-types.ts';
import { mountDispatchRoute } from '../../../src/adapters/directus/http/dispatch-route.ts';
import type { HttpRouter } from '../../../src/adapters/directus/http/exchange-types.ts';
import { mountExplainRoute } from '../../../src/adapters/directus/http/explain-route.ts';
import { mountMcpRoute } from '../../../src/adapters/directus/http/mcp-route.ts';
import { mountReadRoutes } from '../../../src/adapters/directus/http/read-routes.ts';
import { confirmRegistered } from '../../../src/adapters/directus/process-keys.ts';
import { createExecutorClient } from '../../../src/adapters/executor/client.ts';
import { createExecutorDirectory } from '../../../src/adapters/executor/directory.ts';
import { createDispatchStore } from '../../../src/adapters/postgres/dispatch-store.ts';
import { createEvidenceReader } from '../../../src/adapters/postgres/evidence-reader.ts';
import { createPostureSource } from '../../../src/adapters/postgres/posture-source.ts';
import { createPrincipalDirectory } from '../../../src/adapters/postgres/principal-directory.ts';
import { createDispatch } from '../../../src/service/dispatch/create-dispatch.ts';
import { createExplain } from '../../../src/service/explain/create-explain.ts';
import { createReadGuard } from '../../../src/service/posture/read-access.ts';
import { readPosture } from '../../../src/service/posture/read-posture.ts';
import { getSlot } from '../../shared/runtime.ts';

export default {
	id: 'governance',
	handler(router: HttpRouter, context: ExtensionContext): void {
		const slot = getSlot(context);
		confirmRegistered(slot);
		const { runtime } = slot;
		const { pool } = runtime;
		const onFault = (error: unknown) => context.logger.error(`governed-dispatch: ${faultName(error)}`);
		const system = { now: Date.now, newId: randomUUID, wait: (ms: number) => wait(ms), onFault };
		const executors = createExecutorDirectory(createExecutorClient());
		const dispatch = createDispatch({ runtime, store: createDispatchStore(pool), executors, system });
		const source = createPostureSource(pool);
		const posture = (probeNow?: boolean) => readPosture(runtime, source, probeNow);
		const guard = createReadGuard(runtime, Date.now);

		const explain = createExplain({ runtime, guard, directory: createPrincipalDirectory(pool) });

		mountDispatchRoute(router, dispatch);
		mountExplainRoute(router, explain, onFault);
		mountReadRoutes(router, { runtime, posture, evidence: createEvidenceReader(pool), guard, onFault });
		mountMcpRoute(router, { dispatch, explain, posture, guard, onFault });
	},
};

/** Messages of database errors can quote values; the class and the code say enough to find the fault. */
function faultName(error: unknown): string {
	if (!(error instanceof Error)) return 'an unknown fault refused a request';
	const { code } = error as { code?: unknown };
	return `${error.name}${typeof code === 'string' ? ` ${code}` : ''} refused a request`;
}
