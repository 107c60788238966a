import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExecutorClient } from '../../src/adapters/executor/client.ts';
import { EXECUTOR_VERSION } from '../../src/executor/server.ts';
import { type RunningExecutor, startExecutor } from '../../src/executor/start.ts';
import { KG_EXPLAIN_INPUT_SCHEMA } from '../../src/executor/tools/kg-explain/schema.ts';

const PASSWORD = 'not-to-be-seen';
const CORRELATION = 'test-1';
const PATH = '/dot/DOT_KG_EXPLAIN/dry-run';

const said: string[] = [];
const log = {
	info: (message: string, facts: object) => void said.push(JSON.stringify([message, facts])),
	error: (message: string, facts: object) => void said.push(JSON.stringify([message, facts])),
};

/** A port where nobody listens: what the executor does without a database must not depend on one. */
async function closedPort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	return typeof address === 'object' && address ? address.port : 1;
}

let databaseUrl: string;
let closed: RunningExecutor;
let open: RunningExecutor;

beforeAll(async () => {
	databaseUrl = `postgres://governance_reader:${PASSWORD}@127.0.0.1:${await closedPort()}/none`;
	const common = { databaseUrl, tools: ['DOT_KG_EXPLAIN'], log, port: 0 };
	closed = await startExecutor(common);
	open = await startExecutor({
		...common,
		verifyGrant: async ({ grant }) => {
			if (grant === 'good') return { ok: true };
			if (grant === 'broken') throw new Error(`cannot verify ${grant}`);
			return { ok: false, reason: 'GRANT_EXPIRED', detail: 'the grant has expired' };
		},
	});
});

afterAll(() => Promise.all([closed.close(), open.close()]));

interface Asked {
	path?: string;
	grant?: string | null;
	body?: unknown;
	raw?: string | Uint8Array<ArrayBuffer>;
	type?: string;
	method?: string;
}

async function post(
	to: RunningExecutor,
	{ path = PATH, grant = 'good', body, raw, type, method = 'POST' }: Asked = {},
) {
	const response = await fetch(`${to.url}${path}`, {
		method,
		headers: {
			'content-type': type ?? 'application/json',
			...(grant === null ? {} : { authorization: `Bearer ${grant}` }),
		},
		...(method === 'GET' ? {} : { body: raw ?? JSON.stringify(body ?? { correlation_id: CORRELATION }) }),
	});
	const text = await response.text();
	const { errors, ...rest } = JSON.parse(text);
	const extensions = errors?.[0]?.extensions ?? {};
	return { status: response.status, text, rest, reason: extensions.reason, faults: extensions.faults };
}

describe('the executor without a database', () => {
	it('says what it serves, in the shape the dispatcher expects', async () => {
		expect(await createExecutorClient().readCapabilities(open.url)).toEqual({
			kind: 'ok',
			capabilities: {
				executor: 'governed-executor',
				version: EXECUTOR_VERSION,
				tools: [
					{
						code: 'DOT_KG_EXPLAIN',
						version: '1.0.0',
						side_effects: 'none',
						input_schema: KG_EXPLAIN_INPUT_SCHEMA,
					},
				],
			},
		});
	});

	it('has the version of the package', async () => {
		const { version } = JSON.parse(await readFile('package.json', 'utf8'));
		expect(EXECUTOR_VERSION).toBe(version);
	});

	it('is not healthy, and says why without saying where', async () => {
		const response = await fetch(`${open.url}/healthz`);
		const text = await response.text();
		expect(response.status).toBe(503);
		expect(JSON.parse(text)).toMatchObject({ status: 'unavailable', reason: 'UNREACHABLE' });
		expect(text).not.toMatch(/not-to-be-seen|governance_reader|127\.0\.0\.1/);
	});

	it('holds a dry run it cannot compute', async () => {
		expect(await post(open)).toMatchObject({ status: 503, reason: 'GOVERNANCE_HOLD' });
	});

	it('refuses to serve a tool that is not shipped, naming those that are', async () => {
		const start = startExecutor({ databaseUrl, tools: ['DOT_DROP_TABLES'], log, port: 0 });
		await expect(start).rejects.toThrow(/no such tool: DOT_DROP_TABLES; this executor can serve DOT_KG_EXPLAIN/);
	});

	it('says so when its port is taken', async () => {
		const start = startExecutor({ databaseUrl, tools: [], log, port: open.port });
		await expect(start).rejects.toMatchObject({ code: 'EADDRINUSE' });
	});

	it('survives a database URL that is none', async () => {
		const executor = await startExecutor({
			databaseUrl: `postgres://x:${PASSWORD}@[/`,
			tools: ['DOT_KG_EXPLAIN'],
			log,
			port: 0,
		});
		const response = await fetch(`${executor.url}/healthz`);
		expect(response.status).toBe(503);
		expect(await response.text()).not.toContain(PASSWORD);
		await executor.close();
	});
});

describe('a grant is needed', () => {
	it.each([
		['no header', null, 'GRANT_REQUIRED'],
		['an empty grant', '', 'GRANT_INVALID'],
		['a grant with a space', 'a b', 'GRANT_INVALID'],
		['a grant longer than a dispatch may carry', 'x'.repeat(8_193), 'GRANT_INVALID'],
		['a grant the verifier refuses', 'old', 'GRANT_EXPIRED'],
		['a grant whose verification fails', 'broken', 'GRANT_INVALID'],
	])('%s', async (_title, grant, reason) => {
		expect(await post(open, { grant })).toMatchObject({ status: 403, reason, rest: {} });
	});

	it('another scheme does not do', async () => {
		const response = await fetch(`${open.url}${PATH}`, {
			method: 'POST',
			headers: { authorization: 'Basic good', 'content-type': 'application/json' },
			body: JSON.stringify({ correlation_id: CORRELATION }),
		});
		expect(response.status).toBe(403);
	});

	it.each([
		['a proper request', {}],
		['a request that is not JSON', { raw: '{' }],
		['a request with an unknown field', { body: { correlation_id: 'a', admin: true } }],
		['an oversized request', { raw: 'x'.repeat(100_000) }],
		['a grant that another executor would take', { grant: 'good' }],
	])('without a verifier everything is refused: %s', async (_title, asked) => {
		expect(await post(closed, asked)).toMatchObject({ status: 403, reason: 'GRANT_INVALID', rest: {} });
	});
});

describe('what is not as agreed is refused', () => {
	it.each([
		['an unknown code', { path: '/dot/DOT_NOWHERE/dry-run' }, 404, 'UNKNOWN_TOOL'],
		['a code of an object prototype', { path: '/dot/__proto__/dry-run' }, 404, 'UNKNOWN_TOOL'],
		['a code that climbs', { path: '/dot/..%2f..%2fetc/dry-run' }, 404, 'UNKNOWN_TOOL'],
		['a tool that is not enabled here', { path: '/dot/DOT_C1_VOCAB_BUILD/dry-run' }, 404, 'UNKNOWN_TOOL'],
		['a real run', { path: '/dot/DOT_KG_EXPLAIN/run' }, 404, 'UNKNOWN_ROUTE'],
		['another method', { method: 'GET' }, 404, 'UNKNOWN_ROUTE'],
		['text', { type: 'text/plain' }, 400, 'INVALID_REQUEST'],
		['broken JSON', { raw: '{"correlation_id":' }, 400, 'INVALID_REQUEST'],
		['an empty body', { raw: '' }, 400, 'INVALID_REQUEST'],
		['a poisoned prototype', { raw: '{"correlation_id":"a","__proto__":{"x":1}}' }, 400, 'INVALID_REQUEST'],
		['one byte too many', { raw: JSON.stringify({ correlation_id: 'x' }).padEnd(65_537) }, 413, 'PAYLOAD_TOO_LARGE'],
		['no correlation id', { body: {} }, 400, 'INVALID_REQUEST'],
		['an array', { body: [] }, 400, 'INVALID_REQUEST'],
		['an unknown input field', { body: { correlation_id: 'a', input: { sql: 'x' } } }, 400, 'INPUT_SCHEMA_MISMATCH'],
	])('%s', async (_title, asked, status, reason) => {
		expect(await post(open, asked)).toMatchObject({ status, reason, rest: {} });
	});

	it('every fault is named, without the values', async () => {
		const shape = await post(open, { body: { correlation_id: 7, a: 'secret-1', b: 'secret-2' } });
		expect(shape.faults.map(({ path }: { path: string }) => path).sort()).toEqual(['/a', '/b', '/correlation_id']);
		const input = await post(open, {
			body: { correlation_id: 'a', input: { node: 'secret-3', depth: 9, sql: 'secret-4', drop: true } },
		});
		expect(input.faults.map(({ path }: { path: string }) => path).sort()).toEqual([
			'/input/depth',
			'/input/drop',
			'/input/node',
			'/input/sql',
		]);
		expect(shape.text + input.text).not.toContain('secret-');
	});

	it('whatever is thrown at a dry run is refused with a reason, never a 500, never with a result', async () => {
		const bodies = fc.oneof(
			fc.json(),
			fc.string(),
			fc.record({ correlation_id: fc.jsonValue(), input: fc.jsonValue() }).map((value) => JSON.stringify(value)),
		);
		await fc.assert(
			fc.asyncProperty(bodies, fc.constantFrom('good', 'old', 'broken', null), async (raw, grant) => {
				const { status, reason, text } = await post(open, { raw, grant });
				expect([400, 403, 503]).toContain(status);
				expect(reason).toBeTypeOf('string');
				expect(text).not.toMatch(/"(result|digest|read_only)"|PASS/);
			}),
			{ numRuns: 200 },
		);
	}, 60_000);
});

it('neither grant nor connection string is ever logged', async () => {
	for (const grant of ['good', 'broken', 'old']) await post(open, { grant });
	expect(said.length).toBeGreaterThan(0);
	expect(said.join('\n')).not.toMatch(/not-to-be-seen|Bearer|cannot verify/);
});
