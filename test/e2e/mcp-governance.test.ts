import { randomUUID } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { call } from '../../instance/http.ts';
import { type DispatchInstance, PROOF_WORDS, startDispatchInstance } from './support/dispatch-instance.ts';

let instance: DispatchInstance;
const open: Client[] = [];
beforeAll(async () => {
	instance = await startDispatchInstance(inject('cluster'));
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((client) => client.close()));
});
afterAll(async () => instance?.stop());

async function connect(token: string | null): Promise<Client> {
	const client = new Client({ name: 'test', version: '1.0.0' });
	const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
	const transport = new StreamableHTTPClientTransport(new URL(`${instance.url}/governance/mcp`), {
		requestInit: { headers },
	});
	await client.connect(transport as Transport);
	open.push(client);
	return client;
}

const textOf = ({ content }: CallToolResult) => content.map((part) => (part.type === 'text' ? part.text : '')).join('');
const dispatch = async (client: Client, changes: Record<string, unknown> = {}) =>
	(await client.callTool({
		name: 'dispatch',
		arguments: { tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', correlation_id: randomUUID(), ...changes },
	})) as CallToolResult;

test('offers dispatch, explain and posture, and nothing else', async () => {
	const client = await connect(instance.agentToken);
	const { tools } = await client.listTools();
	expect(tools.map(({ name }) => name)).toEqual(['dispatch', 'explain', 'posture']);
	await expect(client.callTool({ name: 'create-item', arguments: {} })).rejects.toThrow(/dispatch, explain, posture/);
});

test('plans for an agent; the evidence says it came by MCP', async () => {
	const result = await dispatch(await connect(instance.agentToken));
	expect(result.isError).toBeFalsy();
	expect(result.structuredContent).toMatchObject({ outcome: 'PLANNED', validated: true });
	const { evidence } = result.structuredContent as { evidence: { id: string } };
	const [entry] = await instance.sql<{ body: Buffer }>('select body from governance_evidence where id = $1', [
		evidence.id,
	]);
	expect(JSON.parse(String(entry?.body))).toMatchObject({ surface: 'mcp', actor: { kind: 'agent' } });
});

test('whoever comes by MCP is an agent, admins too', async () => {
	const result = await dispatch(await connect(instance.adminToken), { tool: 'DOT_MCP_ONLY', mode: 'REAL_RUN' });
	const { evidence } = result.structuredContent as { evidence: { id: string } };
	const [entry] = await instance.sql<{ body: Buffer }>('select body from governance_evidence where id = $1', [
		evidence.id,
	]);
	expect(JSON.parse(String(entry?.body))).toMatchObject({ surface: 'mcp', actor: { kind: 'agent' } });
});

test.each([
	['a real run', { mode: 'REAL_RUN' }, 'REAL_RUN_REFUSED'],
	['a missing contract', { tool: 'DOT_C1_VOCAB_BUILD' }, 'NO_AGENT_API_CONTRACT'],
	['an extra argument', { force: true }, 'INVALID_REQUEST'],
	['a dry run without grant', { mode: 'DRY_RUN' }, 'GRANT_REQUIRED'],
	['a contract that names MCP', { tool: 'DOT_MCP_ONLY' }, 'ENDPOINT_ABSENT'],
])('%s is an error whose text says reason, evidence and next step', async (_what, changes, reason) => {
	const result = await dispatch(await connect(instance.agentToken), changes);
	expect(result.isError).toBe(true);
	expect(textOf(result)).toMatch(/^\[REFUSED\] .*DISPATCH_REFUSED; reason: .*; evidence: [0-9a-f-]{36}; next: .*\)$/);
	expect(result.structuredContent).toMatchObject({ code: 'DISPATCH_REFUSED', reason });
	expect(JSON.stringify(result)).not.toMatch(PROOF_WORDS);
});

test('the same request on another surface is a different request', async () => {
	const correlation_id = randomUUID();
	const request = { tool: 'DOT_KG_EXPLAIN', mode: 'PLAN_ONLY', correlation_id };
	expect((await instance.dispatch(request, instance.agentToken)).status).toBe(200);
	const result = await dispatch(await connect(instance.agentToken), { correlation_id });
	expect(result.structuredContent).toMatchObject({ reason: 'CORRELATION_ID_REUSED' });
});

test('posture reads the same as over REST', async () => {
	const client = await connect(instance.agentToken);
	const result = (await client.callTool({ name: 'posture', arguments: {} })) as CallToolResult;
	expect({ data: result.structuredContent }).toEqual(
		(await instance.get('/governance/posture', instance.agentToken)).body,
	);
});

test('explain answers about the agent that asks, and about nobody else without an admin', async () => {
	const question = { collection: 'governance_canonical_operation_vocab', action: 'create', fields: ['operation'] };
	const client = await connect(instance.agentToken);
	const own = (await client.callTool({ name: 'explain', arguments: question })) as CallToolResult;
	expect(own.structuredContent).toMatchObject({
		verdict: 'refused',
		rule: 'governed:governance_canonical_operation_vocab',
		asked: { actor: { kind: 'agent', surface: 'mcp' } },
	});
	const editor = await connect(instance.editorToken);
	const others = { ...question, actor: { user: null } };
	const refused = (await editor.callTool({ name: 'explain', arguments: others })) as CallToolResult;
	expect(refused.isError).toBe(true);
	expect(textOf(refused)).toMatch(
		/^\[REFUSED\] explain: FORBIDDEN \(evidence: [0-9a-f-]{36}; next: Ask about yourself/,
	);
	const faulty = (await editor.callTool({ name: 'explain', arguments: { action: 'drop' } })) as CallToolResult;
	expect(textOf(faulty)).toMatch(/INVALID_REQUEST .*collection: .*action: /);
});

test('nobody gets in, and nothing but POST', async () => {
	await expect(connect(null)).rejects.toThrow();
	const answer = await call(`${instance.url}/governance/mcp`, { method: 'POST', body: {} });
	expect(answer.status).toBe(401);
	expect((await instance.get('/governance/mcp')).status).toBe(405);
});

test.each([
	['no JSON-RPC', { hello: 'world' }],
	['a list of nonsense', [1, 2, 3]],
	['a call without arguments', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'dispatch' } }],
	[
		'arguments that are a list',
		{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'dispatch', arguments: [] } },
	],
])('%s is no server error', async (_what, body) => {
	const response = await fetch(`${instance.url}/governance/mcp`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${instance.agentToken}`,
			'content-type': 'application/json',
			accept: 'application/json, text/event-stream',
		},
		body: JSON.stringify(body),
	});
	expect(response.status).not.toBe(500);
	expect(await response.text()).not.toMatch(/PLANNED|stack/);
});
