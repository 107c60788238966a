import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { messageOf } from '../fault.ts';
import { at, call } from '../http.ts';
import { combine, type Observation, type Row, type WalkContext } from './row.ts';

const COLLECTION = 'governance_canonical_operation_vocab';
const DENIAL = `[DENIED] ${COLLECTION}.create: not in write allowlist`;
const ITEM = { operation: 'walk.attempt', verb: 'walk', object: 'attempt', qualifiers: {}, tools: [] };

function refusedWith(code: unknown, message: unknown, where: string): Observation {
	const ok = code === 'GOVERNED_WRITE_DENIED' && String(message).startsWith(DENIAL);
	return { observed: `${where} ${code ?? 'no code'} "${String(message).slice(0, 110)}"`, ok };
}

async function overRest({ directus_url, admin_token }: WalkContext): Promise<Observation> {
	const answer = await call(`${directus_url}/items/${COLLECTION}`, { method: 'POST', token: admin_token, body: ITEM });
	const found = refusedWith(
		at(answer.body, 'errors', 0, 'extensions', 'code'),
		at(answer.body, 'errors', 0, 'message'),
		String(answer.status),
	);
	return { ...found, ok: found.ok && answer.status === 403 };
}

async function overGraphql({ directus_url, admin_token }: WalkContext): Promise<Observation> {
	const query = `mutation ($item: create_${COLLECTION}_input!) { create_${COLLECTION}_item(data: $item) { operation } }`;
	const answer = await call(`${directus_url}/graphql`, {
		method: 'POST',
		token: admin_token,
		body: { query, variables: { item: ITEM } },
	});
	const error = at(answer.body, 'errors', 0);
	return refusedWith(at(error, 'extensions', 'code'), at(error, 'message'), String(answer.status));
}

/** MCP carries text only, so the refusal is read from the message; a code stands in it where Directus puts one. */
async function overMcp({ directus_url, admin_token }: WalkContext): Promise<Observation> {
	const client = new Client({ name: 'governed-walk', version: '1.0.0' });
	const headers = { Authorization: `Bearer ${admin_token}` };
	await client.connect(new StreamableHTTPClientTransport(new URL(`${directus_url}/mcp`), { requestInit: { headers } }));
	try {
		const result = await client.callTool({
			name: 'items',
			arguments: { action: 'create', collection: COLLECTION, data: [ITEM] },
		});
		const text = JSON.stringify(result.content);
		return {
			observed: `isError ${result.isError === true} ${text.slice(0, 160)}`,
			ok: result.isError === true && text.includes(DENIAL),
		};
	} finally {
		await client.close();
	}
}

export const writeRoute: Row = {
	id: 'E11',
	title: 'No governed write route',
	tried: `create in ${COLLECTION} as admin over REST, GraphQL and MCP`,
	expected: `GOVERNED_WRITE_DENIED, "${DENIAL}"`,
	async run(context) {
		const parts = [];
		for (const [name, attempt] of Object.entries({ REST: overRest, GraphQL: overGraphql, MCP: overMcp })) {
			const unanswered = (error: unknown) => ({ observed: `no answer: ${messageOf(error)}`, ok: false });
			parts.push({ name, ...(await attempt(context).catch(unanswered)) });
		}
		return combine(parts);
	},
};
