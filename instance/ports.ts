import { createServer } from 'node:net';

const HOST = '127.0.0.1';

function tryListen(port: number): Promise<number | undefined> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(undefined));
		server.listen({ host: HOST, port, exclusive: true }, () => {
			const address = server.address();
			const bound = typeof address === 'object' && address !== null ? address.port : undefined;
			server.close(() => resolve(bound));
		});
	});
}

/** A port of 127.0.0.1 that was free a moment ago; whoever binds it must be ready to lose the race and ask again. */
export async function freePort(): Promise<number> {
	const port = await tryListen(0);
	if (port === undefined) throw new Error(`no free port on ${HOST}`);
	return port;
}

/** `wanted` when it is free, else the next free one above it (at most 50 further), else any free one. */
export async function portFrom(wanted: number): Promise<number> {
	for (let port = wanted; port <= Math.min(wanted + 50, 65_535); port += 1) {
		if ((await tryListen(port)) !== undefined) return port;
	}
	return freePort();
}
