import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { ExecutorSilence } from '../../service/ports/executor-directory.ts';

/** Bounds of one exchange. `timeoutMs` covers everything from name resolution to the last byte of the body. */
export interface ExchangeLimits {
	timeoutMs: number;
	maxBytes: number;
}

export type Exchange = { kind: 'ok'; body: unknown } | ExecutorSilence;

type Fault = ExecutorSilence['kind'];

/** Thrown inside an exchange only; its message is one of ours, never the executor's. */
class ExchangeFault extends Error {
	readonly kind: Fault;

	constructor(kind: Fault, message: string) {
		super(message);
		this.kind = kind;
	}
}

/**
 * Reads JSON from an executor, which may be slow, dead or lying. Never throws. Nothing is followed, decompressed,
 * retried or kept open: a redirect or an encoded body is an invalid answer, and every exchange has its own connection,
 * so that no executor leaves a socket behind that another exchange would stumble over.
 */
export async function getJson(url: URL, limits: ExchangeLimits): Promise<Exchange> {
	const deadline = new AbortController();
	const timer = setTimeout(() => deadline.abort(), limits.timeoutMs);
	try {
		const response = await send(url, deadline.signal);
		try {
			return { kind: 'ok', body: parse(await readBody(response, limits.maxBytes)) };
		} finally {
			response.destroy();
		}
	} catch (error) {
		if (deadline.signal.aborted) {
			return { kind: 'timeout', detail: `no complete answer within ${limits.timeoutMs} ms` };
		}
		return silence(error);
	} finally {
		clearTimeout(timer);
	}
}

function send(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
	const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
	return new Promise((resolve, reject) => {
		const outgoing = request(url, {
			agent: false,
			signal,
			headers: { accept: 'application/json', 'accept-encoding': 'identity', connection: 'close' },
		});
		outgoing.on('response', resolve);
		// Without a listener Node would hand the raw socket to nobody and report a plain hang-up.
		outgoing.on('upgrade', (_response, socket) => {
			socket.destroy();
			reject(new ExchangeFault('invalid', 'it wanted to switch protocols'));
		});
		outgoing.on('error', reject);
		outgoing.end();
	});
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
	const { statusCode = 0, headers } = response;
	if (statusCode >= 300 && statusCode < 400)
		throw new ExchangeFault('invalid', 'it redirects; redirects are not followed');
	if (statusCode !== 200) throw new ExchangeFault('invalid', `it answered with status ${statusCode}`);
	if (headers['content-encoding'] !== undefined) throw new ExchangeFault('invalid', 'it encoded its answer unasked');
	const tooLarge = new ExchangeFault('invalid', `its answer is larger than ${maxBytes} bytes`);
	if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
	return buffer(bounded(response, maxBytes, tooLarge));
}

async function* bounded(response: IncomingMessage, maxBytes: number, tooLarge: Error): AsyncGenerator<Buffer> {
	let size = 0;
	try {
		for await (const chunk of response as AsyncIterable<Buffer>) {
			size += chunk.length;
			if (size > maxBytes) throw tooLarge;
			yield chunk;
		}
	} catch (error) {
		throw error === tooLarge ? error : new ExchangeFault('invalid', 'its answer broke off before its end');
	}
}

function parse(bytes: Buffer): unknown {
	try {
		return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch {
		throw new ExchangeFault('invalid', 'its answer is not JSON');
	}
}

/** Node's parser names what is not HTTP `HPE_…`; everything else before a response means that nobody answered. */
function silence(error: unknown): ExecutorSilence {
	if (error instanceof ExchangeFault) return { kind: error.kind, detail: error.message };
	const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
	if (code.startsWith('HPE_')) return { kind: 'invalid', detail: `its answer is not HTTP (${code})` };
	return { kind: 'unreachable', detail: `no connection to it (${code})` };
}
