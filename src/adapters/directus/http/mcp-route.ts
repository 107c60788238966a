import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
	CallToolRequestSchema,
	type CallToolResult,
	ErrorCode,
	ListToolsRequestSchema,
	McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { Posture } from '../../../contracts/posture.ts';
import { nextStep } from '../../../core/dispatch-texts.ts';
import type { Dispatch } from '../../../service/dispatch/create-dispatch.ts';
import { holdWithoutEvidence } from '../../../service/dispatch/record-refusal.ts';
import type { Explain } from '../../../service/explain/create-explain.ts';
import type { ReadGuard } from '../../../service/posture/read-access.ts';
import type { HttpRequest, HttpRouter } from './exchange-types.ts';
import { dataResult, MCP_TOOLS, refusedReading, toolResult } from './mcp-tools.ts';
import { bodyBytes, type Requester, requesterOf } from './requester.ts';
import { sendAnswer, sendError } from './respond.ts';

export interface McpPorts {
	dispatch: Dispatch;
	posture(): Promise<Posture>;
	explain: Explain;
	guard: ReadGuard;
	onFault(error: unknown): void;
}

const INSTRUCTIONS =
	'Governed data cannot be written here. Read posture, ask explain before a write, dispatch with mode PLAN_ONLY; a refusal says the lawful next step.';

/**
 * Mounts `/governance/mcp`: one stateless server per request, JSON answers. Directus lets OAuth sessions reach nothing but
 * its own `/mcp`, so clients come here with a token of a user.
 */
export function mountMcpRoute(router: HttpRouter, ports: McpPorts): void {
	router.post('/mcp', (request, response) => {
		void (async () => {
			const requester = requesterOf(request);
			const bytes = bodyBytes(request);
			if (requester.caller === null) {
				return sendAnswer(response, await ports.dispatch({ ...requester, surface: 'mcp', bytes, body: null }));
			}
			const server = serverFor(requester, bytes, ports);
			// Without a generator there are no sessions: every request stands alone, on any node.
			const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
			response.on('close', () => void server.close().catch(ports.onFault));
			await server.connect(transport as Transport);
			await transport.handleRequest(request as HttpRequest & { auth?: never }, response, request.body);
		})().catch((error) => {
			ports.onFault(error);
			if (!response.headersSent) sendAnswer(response, holdWithoutEvidence(null));
		});
	});
	router.all('/mcp', (_request, response) => {
		response.setHeader('Allow', 'POST');
		sendError(response, 405, 'This MCP server is stateless: use POST.', { code: 'METHOD_NOT_ALLOWED' });
	});
}

function serverFor(requester: Requester, bytes: number, ports: McpPorts): Server {
	const server = new Server(
		{ name: 'governed-dispatch', version: '0.1.0' },
		{ capabilities: { tools: {} }, instructions: INSTRUCTIONS },
	);
	server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: MCP_TOOLS }));
	server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
		switch (params.name) {
			case 'dispatch':
				return toolResult(await ports.dispatch({ ...requester, surface: 'mcp', bytes, body: params.arguments ?? {} }));
			case 'posture':
				return postureResult(requester, ports);
			case 'explain':
				return explainResult(requester, params.arguments ?? {}, ports);
			default:
				throw new McpError(
					ErrorCode.InvalidParams,
					`there are these tools: ${MCP_TOOLS.map(({ name }) => name).join(', ')}`,
				);
		}
	});
	return server;
}

async function postureResult({ caller, address }: Requester, { guard, posture }: McpPorts): Promise<CallToolResult> {
	const access = await guard({ caller, address, area: 'posture' });
	return access.kind === 'refused' ? refusedReading('posture', access) : dataResult(await posture());
}

async function explainResult(
	requester: Requester,
	body: unknown,
	{ explain, onFault }: McpPorts,
): Promise<CallToolResult> {
	const answer = await explain({ ...requester, surface: 'mcp', body }).catch(onFault);
	if (!answer) return refusedReading('explain', { code: 'GOVERNANCE_HOLD', next: nextStep('GOVERNANCE_HOLD') });
	switch (answer.kind) {
		case 'ok':
			return dataResult(answer.explanation);
		case 'faulty':
			return refusedReading('explain', { code: 'INVALID_REQUEST', next: `mend ${answer.faults.join('; ')}` });
		case 'refused':
			return refusedReading('explain', answer.refusal);
		default:
			return answer satisfies never;
	}
}
