import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** What an MCP tool answered: whether it says error, and the text. */
export interface ToolAnswer {
	isError: boolean;
	text: string;
}

/** Calls one tool of Directus's own MCP server with the official client. */
export async function callTool(
	url: string,
	token: string,
	name: string,
	input: Record<string, unknown>,
): Promise<ToolAnswer> {
	const client = new Client({ name: 'guard-test', version: '1.0.0' });
	const transport = new StreamableHTTPClientTransport(new URL(url), {
		requestInit: { headers: { authorization: `Bearer ${token}` } },
	});
	await client.connect(transport as Parameters<Client['connect']>[0]);

	try {
		const answer = await client.callTool({ name, arguments: input });
		const [content] = answer.content as { text?: string }[];
		return { isError: answer.isError === true, text: content?.text ?? '' };
	} finally {
		await client.close();
	}
}

/** Sends one message over a WebSocket that was authenticated with `token`; answers with the reply to it. */
export async function sendMessage(
	url: string,
	token: string | undefined,
	message: Record<string, unknown>,
): Promise<Record<string, unknown>> {
	const socket = new WebSocket(`${url.replace('http', 'ws')}/websocket`);
	const replies: ((reply: Record<string, unknown>) => void)[] = [];
	const next = () => new Promise<Record<string, unknown>>((resolve) => replies.push(resolve));

	socket.addEventListener('message', (event) => {
		const reply = JSON.parse(String(event.data)) as Record<string, unknown>;
		if (reply.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
		else replies.shift()?.(reply);
	});

	await new Promise((resolve, reject) => {
		socket.addEventListener('open', resolve, { once: true });
		socket.addEventListener('error', reject, { once: true });
	});

	try {
		if (token !== undefined) {
			const authenticated = next();
			socket.send(JSON.stringify({ type: 'auth', access_token: token }));
			await authenticated;
		}

		const reply = next();
		socket.send(JSON.stringify({ uid: 'one', ...message }));
		return await reply;
	} finally {
		socket.close();
	}
}
