import type { AddressInfo } from 'node:net';
import { createExecutor, type ExecutorOptions } from './server.ts';

export interface StartOptions extends ExecutorOptions {
	/** Address to listen on; loopback unless told. A container needs `0.0.0.0`. */
	host?: string;
	/** 8090 unless told; 0 takes a free one. */
	port?: number;
}

export interface RunningExecutor {
	/** Base URL, with the port really taken. */
	url: string;
	host: string;
	port: number;
	/** Lets requests in flight finish, then closes the connections to the database. */
	close(): Promise<void>;
}

/**
 * Starts the executor. It listens even while the database is away; `/healthz` says so. Rejects with Node's error
 * (`EADDRINUSE`, …) when it cannot listen.
 */
export async function startExecutor({
	host = '127.0.0.1',
	port = 8090,
	...options
}: StartOptions): Promise<RunningExecutor> {
	const app = createExecutor(options);
	try {
		await app.listen({ host, port });
	} catch (error) {
		await app.close();
		throw error;
	}
	const taken = (app.server.address() as AddressInfo).port;
	const shown = host.includes(':') ? `[${host}]` : host;
	return { url: `http://${shown}:${taken}`, host, port: taken, close: () => app.close() };
}
