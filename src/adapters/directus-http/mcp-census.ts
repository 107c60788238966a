import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CensusProbe } from '../../contracts/census.ts';
import { type CensusCollection, IMPOSSIBLE } from './impossible.ts';
import { type Judged, judge, unreachable } from './judge.ts';
import type { DirectusAccess } from './request.ts';

/** Tries the items tool of Directus's own MCP server with the official client. A server that is off shows nothing. */
export async function mcpCensus(
	access: DirectusAccess,
	collections: readonly CensusCollection[],
): Promise<CensusProbe[]> {
	const client = new Client({ name: 'governed-census', version: '1.0.0' });
	const off = await connect(client, access).catch((error: unknown) => unreachable(error));
	const probes: CensusProbe[] = [];
	try {
		for (const { name, key } of collections) {
			const calls: [string, Record<string, unknown>][] = [
				['create', { action: 'create', data: { [key]: IMPOSSIBLE } }],
				['update', { action: 'update', keys: [IMPOSSIBLE], data: { [key]: IMPOSSIBLE } }],
				['delete', { action: 'delete', keys: [IMPOSSIBLE] }],
			];
			for (const [request, input] of calls) {
				const judged: Judged = off ?? (await call(client, { collection: name, ...input }).catch(unreachable));
				// Directus's own switch: while it is off, this way does not exist.
				if (judged.observed.includes('Delete actions are disabled')) continue;
				probes.push({ surface: 'mcp', subject: name, request, actor: 'the token, as an agent', ...judged });
			}
		}
		return probes;
	} finally {
		await client.close().catch(() => undefined);
	}
}

/** What stands in the way; nothing when it is connected. */
async function connect(client: Client, { url, token }: DirectusAccess): Promise<Judged | undefined> {
	const transport = new StreamableHTTPClientTransport(new URL('mcp', url.endsWith('/') ? url : `${url}/`), {
		requestInit: { headers: { authorization: `Bearer ${token}` } },
	});
	await client.connect(transport as Parameters<Client['connect']>[0]);
	return undefined;
}

async function call(client: Client, input: Record<string, unknown>): Promise<Judged> {
	const answer = await client.callTool({ name: 'items', arguments: input });
	return judge(JSON.stringify(answer.content ?? null));
}
