import type { CensusProbe } from '../../contracts/census.ts';
import { type CensusCollection, IMPOSSIBLE } from './impossible.ts';
import { type Judged, judge, unreachable } from './judge.ts';
import { ANSWER_TIMEOUT_MS, type DirectusAccess } from './request.ts';

type Message = Record<string, unknown>;

/** Tries item messages over a WebSocket of its own. One that cannot be opened, or is not let in, shows nothing. */
export async function websocketCensus(
	access: DirectusAccess,
	collections: readonly CensusCollection[],
): Promise<CensusProbe[]> {
	const probes: CensusProbe[] = [];
	for (const { name, key } of collections) {
		const messages: [string, Message][] = [
			['create', { action: 'create', data: { [key]: IMPOSSIBLE } }],
			['update', { action: 'update', ids: [IMPOSSIBLE], data: { [key]: IMPOSSIBLE } }],
			['delete', { action: 'delete', ids: [IMPOSSIBLE] }],
		];
		for (const [request, message] of messages) {
			const judged = await exchange(access, {
				type: 'items',
				collection: name,
				uid: 'governed-census',
				...message,
			}).catch(unreachable);
			probes.push({ surface: 'websocket', subject: name, request, actor: 'the token', ...judged });
		}
	}
	return probes;
}

/** Signs in, sends one message and judges the answer to it. */
function exchange({ url, token }: DirectusAccess, message: Message): Promise<Judged> {
	const address = new URL('websocket', url.endsWith('/') ? url : `${url}/`);
	address.protocol = address.protocol.replace('http', 'ws');
	const socket = new WebSocket(address);
	return new Promise<Judged>((resolve, reject) => {
		const late = setTimeout(() => reject(new Error('the WebSocket did not answer in time')), ANSWER_TIMEOUT_MS);
		const settle = (work: () => void) => {
			clearTimeout(late);
			socket.close();
			work();
		};
		socket.addEventListener('error', () => settle(() => reject(new Error('the WebSocket could not be opened'))));
		socket.addEventListener('close', () => settle(() => reject(new Error('the WebSocket was closed'))));
		socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'auth', access_token: token })));
		socket.addEventListener('message', ({ data }) => {
			const reply = JSON.parse(String(data)) as Message;
			if (reply.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
			else if (reply.type !== 'auth') settle(() => resolve(judge(reply)));
			else if (reply.status === 'ok') socket.send(JSON.stringify(message));
			else settle(() => resolve({ state: 'not_demonstrated', observed: 'the WebSocket does not let this token in' }));
		});
	});
}
