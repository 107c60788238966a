import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Capabilities } from '../contracts/executor.ts';
import { addDryRun, refuse } from './dry-run-route.ts';
import type { VerifyGrant } from './grants.ts';
import { type Health, healthCheck } from './health.ts';
import type { ExecutorLog } from './log.ts';
import type { Refusal } from './refusal.ts';
import { createSnapshotReader, type ReaderLimits } from './snapshot.ts';
import { toolsByCode } from './tools/index.ts';
import type { Tool } from './tools/tool.ts';

/** Version of the executor; test/unit holds it equal to the package's. */
export const EXECUTOR_VERSION = '0.1.0';

const BODY_LIMIT_BYTES = 65_536;
const REQUEST_TIMEOUT_MS = 10_000;

export interface ExecutorOptions {
	/** PostgreSQL URL of the reader's login. Never logged, never answered. */
	databaseUrl: string;
	/** Codes of the tools to serve; all others are unknown here. */
	tools: readonly string[];
	log: ExecutorLog;
	/** Without a verifier every dry run is refused. */
	verifyGrant?: VerifyGrant;
	limits?: Partial<ReaderLimits>;
}

/** Builds the HTTP executor of DESIGN.md §6, not yet listening. Throws a RangeError on a tool that is not shipped. */
export function createExecutor({ databaseUrl, tools, log, verifyGrant, limits }: ExecutorOptions): FastifyInstance {
	const served = toolsByCode(tools);
	const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: REQUEST_TIMEOUT_MS, logger: false });
	app.removeContentTypeParser('text/plain');
	answerFaults(app, log);

	const reader = createSnapshotReader(databaseUrl, limits);
	app.addHook('onClose', () => reader.close());
	addHealth(app, healthCheck(reader, served.keys()));
	const capabilities = capabilitiesOf(served);
	app.get('/capabilities', () => capabilities);
	addDryRun(app, served, { reader, log, verifyGrant });
	return app;
}

function addHealth(app: FastifyInstance, check: () => Promise<Health>): void {
	app.get('/healthz', async (_request, reply) => {
		const health = await check();
		return reply.code(health.status === 'ok' ? 200 : 503).send(health);
	});
}

function capabilitiesOf(served: ReadonlyMap<string, Tool>): Capabilities {
	const tools = [...served.values()].map(({ code, version, inputSchema }) => ({
		code,
		version,
		side_effects: 'none' as const,
		input_schema: inputSchema,
	}));
	return { executor: 'governed-executor', version: EXECUTOR_VERSION, tools };
}

function answerFaults(app: FastifyInstance, log: ExecutorLog): void {
	app.addHook('onSend', async (_request, reply) => {
		reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
	});
	app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
		log.info('answered', { method, route: routeOptions.url ?? null, status: statusCode, ms: Math.round(elapsedTime) });
	});
	app.setNotFoundHandler((_request, reply) => refuse(reply, { reason: 'UNKNOWN_ROUTE', detail: 'no such route' }));
	app.setErrorHandler((error: FastifyError, { routeOptions }, reply) => {
		const refusal = refusalOfFault(error);
		if (refusal.reason === 'EXECUTOR_FAULT') {
			log.error('fault', { route: routeOptions.url ?? null, error: error.name, stack: error.stack });
		}
		return refuse(reply, refusal);
	});
}

/** What fastify says of a request it could not parse; anything else is a bug of ours. */
function refusalOfFault({ code, statusCode = 500 }: FastifyError): Refusal {
	if (statusCode === 413) return { reason: 'PAYLOAD_TOO_LARGE', detail: `the body is over ${BODY_LIMIT_BYTES} bytes` };
	if (statusCode < 500) return { reason: 'INVALID_REQUEST', detail: `the body is not JSON as it should be (${code})` };
	return { reason: 'EXECUTOR_FAULT', detail: 'the executor failed; its log says where' };
}
