import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createExecutorClient } from '../../src/adapters/executor/client.ts';
import { createExecutorDirectory } from '../../src/adapters/executor/directory.ts';
import type { Capabilities } from '../../src/contracts/executor.ts';

const HONEST: Capabilities = {
	executor: 'test',
	version: '1.0.0',
	tools: [{ code: 'DOT_KG_EXPLAIN', version: '1.0.0', side_effects: 'none', input_schema: { type: 'object' } }],
};

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const stop of stops.splice(0)) await stop();
});

async function listen(server: Server | TcpServer, end: () => void = () => {}): Promise<string> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	stops.push(
		() =>
			new Promise((resolve) => {
				server.close(() => resolve());
				end();
			}),
	);
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(listener: RequestListener): Promise<string> {
	const server = createServer(listener);
	return listen(server, () => server.closeAllConnections());
}

/** An executor that answers every connection with exactly these bytes. */
async function serveBytes(bytes: Uint8Array | string, end = true): Promise<string> {
	const sockets = new Set<Socket>();
	const server = createTcpServer((socket) => {
		sockets.add(socket);
		socket.on('error', () => {});
		socket.once('data', () => (end ? socket.end(bytes) : socket.write(bytes)));
	});
	return listen(server, () => {
		for (const socket of sockets) socket.destroy();
	});
}

const answering =
	(body: unknown, status = 200): RequestListener =>
	(_request, response) => {
		response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
	};

const client = createExecutorClient({ timeoutMs: 400, maxBytes: 4_096 });

describe('an executor that answers as agreed', () => {
	it('is believed', async () => {
		const url = await serve(answering(HONEST));
		expect(await client.readCapabilities(url)).toEqual({ kind: 'ok', capabilities: HONEST });
	});

	it('is asked at /capabilities below its base address, without query, fragment or credentials', async () => {
		const seen: (string | undefined)[] = [];
		const url = await serve((request, response) => {
			seen.push(request.url, request.headers.authorization, request.headers['accept-encoding'] as string);
			answering(HONEST)(request, response);
		});
		await client.readCapabilities(`${url}/below/?secret=1#part`);
		expect(seen).toEqual(['/below/capabilities', undefined, 'identity']);
	});
});

describe('an executor that lies', () => {
	const tool = HONEST.tools[0];
	it.each([
		['declares side effects', { ...HONEST, tools: [{ ...tool, side_effects: 'writes' }] }],
		['adds a field', { ...HONEST, admin: true }],
		['adds a field to a tool', { ...HONEST, tools: [{ ...tool, outcome: 'PASS' }] }],
		['leaves the tools out', { executor: 'x', version: '1' }],
		['lists a tool twice', { ...HONEST, tools: [tool, { ...tool, version: '2.0.0' }] }],
		['answers with an array', [HONEST]],
		['answers with null', null],
	])('%s', async (_title, body) => {
		const url = await serve(answering(body));
		expect((await client.readCapabilities(url)).kind).toBe('invalid');
	});

	it.each([201, 204, 206, 301, 302, 303, 307, 308, 304, 400, 401, 404, 500, 503])('answers %i', async (status) => {
		const url = await serve(answering(HONEST, status));
		expect((await client.readCapabilities(url)).kind).toBe('invalid');
	});

	it('redirects to an honest one, which is not asked', async () => {
		let asked = 0;
		const honest = await serve((request, response) => {
			asked += 1;
			answering(HONEST)(request, response);
		});
		const url = await serve((_request, response) => {
			response.writeHead(302, { location: `${honest}/capabilities` }).end();
		});
		expect(await client.readCapabilities(url)).toEqual({
			kind: 'invalid',
			detail: 'it redirects; redirects are not followed',
		});
		expect(asked).toBe(0);
	});

	it('compresses a large answer into a small one', async () => {
		const body = gzipSync(JSON.stringify({ ...HONEST, executor: 'x'.repeat(5_000_000) }));
		const url = await serve((_request, response) => {
			response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
		});
		expect((await client.readCapabilities(url)).kind).toBe('invalid');
	});

	it('nests its answer until a recursive check runs out of stack', async () => {
		const deep = createExecutorClient({ timeoutMs: 3_000, maxBytes: 2_000_000 });
		const nested = `${'['.repeat(400_000)}${']'.repeat(400_000)}`;
		const schema = `{"executor":"x","version":"1","tools":[{"code":"A","version":"1","side_effects":"none","input_schema":{"a":${nested}}}]}`;
		const url = await serve((_request, response) => {
			response.end(schema);
		});
		expect((await deep.readCapabilities(url)).kind).toBe('invalid');
	});

	it('answers with text that is not UTF-8', async () => {
		const url = await serve((_request, response) => {
			response.end(Buffer.concat([Buffer.from('"'), Buffer.from([0xff, 0xfe]), Buffer.from('"')]));
		});
		expect(await client.readCapabilities(url)).toEqual({ kind: 'invalid', detail: 'its answer is not JSON' });
	});

	it('switches protocols', async () => {
		const url = await serveBytes(
			'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
			false,
		);
		expect((await client.readCapabilities(url)).kind).toBe('invalid');
	});

	it('puts its own words nowhere into the detail', async () => {
		const url = await serve(answering({ outcome: 'PASS', digest: 'sha256:00' }, 418));
		expect(JSON.stringify(await client.readCapabilities(url))).not.toMatch(/PASS|sha256/);
	});
});

describe('an executor that sends too much', () => {
	it('says so in content-length and is not read', async () => {
		const url = await serve((_request, response) => {
			response.writeHead(200, { 'content-length': 10_000_000 });
			response.write('{');
		});
		expect(await client.readCapabilities(url)).toEqual({
			kind: 'invalid',
			detail: 'its answer is larger than 4096 bytes',
		});
	});

	it('never ends, and is cut off at the limit, not at the end of time', async () => {
		let sent = 0;
		const url = await serve((_request, response) => {
			response.writeHead(200);
			const chunk = Buffer.alloc(1_024, 0x20);
			const timer = setInterval(() => {
				sent += chunk.length;
				response.write(chunk);
			}, 2);
			response.on('close', () => clearInterval(timer));
		});
		expect((await createExecutorClient({ timeoutMs: 5_000, maxBytes: 4_096 }).readCapabilities(url)).kind).toBe(
			'invalid',
		);
		expect(sent).toBeLessThan(64_000);
	});

	it('is believed when it fills the limit exactly', async () => {
		const body = JSON.stringify(HONEST).padEnd(4_096, ' ');
		const url = await serve((_request, response) => {
			response.end(body);
		});
		expect((await client.readCapabilities(url)).kind).toBe('ok');
	});
});

describe('an executor that is slow or gone', () => {
	it.each<[string, RequestListener]>([
		['never answers', () => {}],
		['sends headers and then nothing', (_request, response) => void response.writeHead(200).flushHeaders()],
		[
			'drips its body a byte at a time',
			(_request, response) => {
				response.writeHead(200);
				const timer = setInterval(() => response.write(' '), 20);
				response.on('close', () => clearInterval(timer));
			},
		],
	])('%s: the whole exchange ends at the limit', async (_title, listener) => {
		const url = await serve(listener);
		const started = performance.now();
		expect(await client.readCapabilities(url)).toEqual({
			kind: 'timeout',
			detail: 'no complete answer within 400 ms',
		});
		expect(performance.now() - started).toBeLessThan(1_500);
	});

	it('accepts the connection and hangs up', async () => {
		const url = await listen(createTcpServer((socket) => socket.destroy()));
		expect((await client.readCapabilities(url)).kind).toBe('unreachable');
	});

	it('breaks off in the middle of its body', async () => {
		const url = await serveBytes('HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n{"executor":"x"');
		expect(await client.readCapabilities(url)).toEqual({
			kind: 'invalid',
			detail: 'its answer broke off before its end',
		});
	});

	it('is not there', async () => {
		const server = createTcpServer();
		const url = await listen(server);
		await stops.pop()?.();
		expect(await client.readCapabilities(url)).toEqual({
			kind: 'unreachable',
			detail: 'no connection to it (ECONNREFUSED)',
		});
	});

	it.each(['', 'nonsense', 'file:///etc/passwd', 'http://user:word@127.0.0.1:1/', 'ftp://127.0.0.1/'])(
		'has the address %j',
		async (url) => {
			expect((await client.readCapabilities(url)).kind).toBe('invalid');
		},
	);
});

describe('whatever bytes an executor sends', () => {
	const kinds = ['ok', 'unreachable', 'timeout', 'invalid'];
	const quick = createExecutorClient({ timeoutMs: 250, maxBytes: 2_048 });
	const headers = fc.constantFrom('', 'content-length: 5\r\n', 'transfer-encoding: chunked\r\n', 'location: /\r\n');
	const response = fc
		.tuple(fc.integer({ min: 100, max: 599 }), headers, fc.uint8Array({ maxLength: 400 }))
		.map(([status, header, body]) => Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${header}\r\n`), body]));
	const json = fc
		.json()
		.map((text) => Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`));

	it('the answer is one of the closed results, and nothing is thrown', async () => {
		await fc.assert(
			fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 400 }), response, json), async (bytes) => {
				const url = await serveBytes(bytes);
				const answer = await quick.readCapabilities(url);
				await stops.pop()?.();
				expect(kinds).toContain(answer.kind);
				expect(answer.kind).not.toBe('ok');
			}),
			{ numRuns: 150 },
		);
	}, 60_000);

	it('any JSON but the agreed shape is invalid', async () => {
		let body: unknown = null;
		const url = await serve((request, response) => answering(body)(request, response));
		const near = fc.record(
			{
				executor: fc.oneof(fc.string(), fc.jsonValue()),
				version: fc.oneof(fc.string(), fc.jsonValue()),
				tools: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
			},
			{ requiredKeys: [] },
		);
		await fc.assert(
			fc.asyncProperty(near, async (value) => {
				body = value;
				const answer = await quick.readCapabilities(url);
				expect(['ok', 'invalid']).toContain(answer.kind);
				if (answer.kind === 'ok') expect(answer.capabilities).toEqual(value);
			}),
			{ numRuns: 150 },
		);
	}, 60_000);
});

describe('the directory', () => {
	async function counted(listener: RequestListener) {
		const state = { asked: 0, listener };
		const url = await serve((request, response) => {
			state.asked += 1;
			state.listener(request, response);
		});
		return { url, state };
	}

	const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

	it('asks once for a thousand requests at the same time, and again when the answer is no longer fresh', async () => {
		const { url, state } = await counted(answering(HONEST));
		const directory = createExecutorDirectory(client, { freshMs: 150 });
		const answers = await Promise.all(Array.from({ length: 1_000 }, () => directory.capabilities(url)));
		expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['ok']));
		expect(state.asked).toBe(1);
		await directory.capabilities(url);
		expect(state.asked).toBe(1);
		await pause(200);
		await directory.capabilities(url);
		expect(state.asked).toBe(2);
	});

	it('believes a silence only shortly', async () => {
		const { url, state } = await counted(answering({}, 503));
		const directory = createExecutorDirectory(client, { silentMs: 60 });
		expect((await directory.capabilities(url)).kind).toBe('invalid');
		expect((await directory.capabilities(url)).kind).toBe('invalid');
		expect(state.asked).toBe(1);
		state.listener = answering(HONEST);
		await pause(80);
		expect((await directory.capabilities(url)).kind).toBe('ok');
	});

	it('stops asking an executor that keeps failing, says its last failure at once, and tries again later', async () => {
		const { url, state } = await counted(() => {});
		const directory = createExecutorDirectory(client, { silentMs: 0, failures: 2, pauseMs: 300 });
		await directory.capabilities(url);
		await directory.capabilities(url);
		expect(state.asked).toBe(2);
		const started = performance.now();
		expect((await directory.capabilities(url)).kind).toBe('timeout');
		expect(performance.now() - started).toBeLessThan(100);
		expect(state.asked).toBe(2);
		state.listener = answering(HONEST);
		await pause(350);
		expect((await directory.capabilities(url)).kind).toBe('ok');
		expect(state.asked).toBe(3);
	});

	it('lets a dead executor slow no other', async () => {
		const dead = await counted(() => {});
		const live = await counted(answering(HONEST));
		const directory = createExecutorDirectory(client);
		const pending = directory.capabilities(dead.url);
		const started = performance.now();
		expect((await directory.capabilities(live.url)).kind).toBe('ok');
		expect(performance.now() - started).toBeLessThan(300);
		expect((await pending).kind).toBe('timeout');
	});
});
