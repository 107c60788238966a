import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import type { DispatchRefusal } from '../../../contracts/dispatch.ts';
import type { RecordedAnswer } from '../../../service/dispatch/ports.ts';

/** What the MCP server offers, and nothing else. The schema guides clients; the dispatch itself checks. */
export const MCP_TOOLS: Tool[] = [
	{
		name: 'dispatch',
		title: 'Dispatch a registered operation',
		description:
			'Asks for a registered operation (DOT) as a plan or a dry run. Nothing is ever written: governed data changes only through the operator. A refusal names its reason, its evidence and the lawful next step.',
		inputSchema: {
			type: 'object',
			additionalProperties: false,
			required: ['tool', 'mode', 'correlation_id'],
			properties: {
				tool: { type: 'string', description: 'Code of the operation, for example DOT_KG_EXPLAIN' },
				mode: { type: 'string', enum: ['PLAN_ONLY', 'DRY_RUN'] },
				correlation_id: { type: 'string', description: 'New for each request; the same again returns the same answer' },
				input: { type: 'object', description: 'Input of the operation, as its contract describes it' },
				grant: { type: 'string', description: 'Needed for DRY_RUN; minted by the operator' },
			},
		},
		annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
	},
	{
		name: 'explain',
		title: 'Explain a write before trying it',
		description:
			'Says whether governance would refuse a write, by which rule, at which layer, which fields make the difference, and what is lawful instead. Nothing is written. Asks about you unless an admin names another actor.',
		inputSchema: {
			type: 'object',
			additionalProperties: false,
			required: ['collection', 'action'],
			properties: {
				collection: { type: 'string', description: 'The collection that would be written' },
				action: { type: 'string', enum: ['create', 'update', 'delete'] },
				fields: { type: 'array', items: { type: 'string' }, description: 'Top-level fields of what would be written' },
				about: {
					type: 'object',
					description:
						'What rows of Directus itself are about. directus_collections, directus_fields, directus_relations: {"kind":"structure","collections":[…]}. directus_flows, directus_operations: {"kind":"flow","trigger":"webhook","operations":[{"key":"a","type":"log"}]}. directus_activity, directus_revisions: {"kind":"audit","collections":[…]}. Rows that load this bundle: {"kind":"bundle"}',
				},
				actor: {
					type: 'object',
					description:
						'Somebody else (admins only): user, role, roles, admin, surface; user null is somebody not signed in. surface alone is you, coming that way',
				},
			},
		},
		annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
	},
	{
		name: 'posture',
		title: 'Read the governance posture',
		description: 'Which collections are governed, how the gates stand, which controls were really demonstrated here.',
		inputSchema: { type: 'object', additionalProperties: false, properties: {} },
		annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
	},
];

/** An accepted dispatch, or a refusal as error content whose text alone says why and what to do next. */
export function toolResult({ reason, message, json }: RecordedAnswer): CallToolResult {
	const structuredContent = JSON.parse(json) as Record<string, unknown>;
	if (reason === null) return { content: [{ type: 'text', text: json }], structuredContent };
	const { code, evidence, next } = structuredContent as unknown as DispatchRefusal;
	const text = `${message} (${code}; reason: ${reason}; evidence: ${evidence?.id ?? 'none'}; next: ${next})`;
	return { isError: true, content: [{ type: 'text', text }], structuredContent };
}

/** Why there is no answer, in one line that says what to do. */
export function refusedReading(
	tool: string,
	{ code, evidence, next }: { code: string; evidence?: { id: string } | null; next: string },
): CallToolResult {
	const text = `[REFUSED] ${tool}: ${code} (evidence: ${evidence?.id ?? 'none'}; next: ${next})`;
	return { isError: true, content: [{ type: 'text', text }] };
}

export function dataResult(data: object): CallToolResult {
	const structuredContent = { ...data };
	return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}
