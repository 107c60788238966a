import type { Told } from './types.ts';

/** One GraphQL operation over a WebSocket, in the protocol `graphql-transport-ws`: what came back first. */
export async function graphqlOverSocket(url: string, token: string | undefined, query: string): Promise<Told> {
	const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
	const send = (message: unknown) => socket.send(JSON.stringify(message));
	try {
		return await new Promise<Told>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error('the socket says nothing')), 15_000);
			const done = (text: string) => {
				clearTimeout(timer);
				resolve({ status: 200, text });
			};
			socket.addEventListener('open', () =>
				send({ type: 'connection_init', payload: token === undefined ? {} : { access_token: token } }),
			);
			socket.addEventListener('error', () => done('{"errors":"the socket failed"}'));
			socket.addEventListener('close', ({ code, reason }) => done(`{"errors":"closed with ${code} ${reason}"}`));
			socket.addEventListener('message', ({ data }) => {
				const message = JSON.parse(String(data)) as { type: string };
				if (message.type === 'connection_ack') send({ id: 'one', type: 'subscribe', payload: { query } });
				if (message.type === 'ping') send({ type: 'pong' });
				if (message.type === 'next' || message.type === 'error') done(String(data));
			});
		});
	} finally {
		socket.close();
	}
}
