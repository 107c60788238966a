import type { JsonObject } from '../tool.ts';

/** Kinds of nodes of the governance graph, in the order in which they are listed. Source: DESIGN.md §6. */
export const NODE_KINDS = ['tool', 'contract', 'executor', 'collection', 'flow', 'gates', 'grant'] as const;

export type NodeKind = (typeof NODE_KINDS)[number];

/** Kinds of edges, each with the way to read it: `from` is the subject, `to` the object. */
export const EDGE_KINDS = {
	has_contract: 'may be dispatched under',
	executed_by: 'is executed by',
	gated_by: 'passes only while allowed by',
	permits: 'permits dry runs of',
	bound_to: 'is bound to this version of',
	operates_on: 'names as its object',
} as const;

export type EdgeKind = keyof typeof EDGE_KINDS;

export const DEFAULT_DEPTH = 1;

/** More nodes than this are counted and not listed, so that an answer fits what a dispatcher accepts. */
export const MAX_NEIGHBOURS = 400;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Input of DOT_KG_EXPLAIN. Without `node` the whole graph is summed up. */
export const KG_EXPLAIN_INPUT_SCHEMA: JsonObject = {
	$schema: DIALECT,
	title: 'Input of DOT_KG_EXPLAIN',
	type: 'object',
	additionalProperties: false,
	properties: {
		node: {
			type: 'string',
			description: 'Kind and name, such as tool:DOT_KG_EXPLAIN or collection:dot_tools.',
			maxLength: 200,
			pattern: `^(${NODE_KINDS.join('|')}):\\S(.*\\S)?$`,
		},
		depth: {
			type: 'integer',
			description: `How many edges away a neighbour may be; ${DEFAULT_DEPTH} unless told.`,
			minimum: 1,
			maximum: 4,
		},
	},
};

const nodeProperties: JsonObject = {
	id: { type: 'string' },
	kind: { enum: [...NODE_KINDS] },
	title: { type: 'string' },
	presence: {
		description: 'registered: a row says so; named_only: something refers to it, no row does; unknown: not readable.',
		enum: ['registered', 'named_only', 'unknown'],
	},
	facts: { type: 'object' },
};

function closedObject(properties: JsonObject): JsonObject {
	return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

/** Result of DOT_KG_EXPLAIN. */
export const KG_EXPLAIN_RESULT_SCHEMA: JsonObject = {
	$schema: DIALECT,
	title: 'Result of DOT_KG_EXPLAIN',
	...closedObject({
		node: { anyOf: [closedObject(nodeProperties), { type: 'null' }] },
		depth: { type: 'integer', minimum: 1, maximum: 4 },
		neighbours: {
			type: 'array',
			maxItems: MAX_NEIGHBOURS,
			items: closedObject({ ...nodeProperties, distance: { type: 'integer', minimum: 1, maximum: 4 } }),
		},
		edges: {
			type: 'array',
			items: closedObject({
				from: { type: 'string' },
				kind: { enum: Object.keys(EDGE_KINDS) },
				to: { type: 'string' },
			}),
		},
		explanation: { type: 'array', minItems: 1, items: { type: 'string' } },
		counts: closedObject(Object.fromEntries(NODE_KINDS.map((kind) => [kind, { type: 'integer', minimum: 0 }]))),
		omitted: { type: 'integer', minimum: 0 },
		sources: {
			type: 'array',
			items: closedObject({ table: { type: 'string' }, rows: { type: 'integer', minimum: 0 } }),
		},
		not_readable: {
			type: 'array',
			items: closedObject({
				table: { type: 'string' },
				columns: { type: 'array', items: { type: 'string' } },
				reason: { enum: ['absent', 'no_privilege', 'not_a_plain_table', 'withheld'] },
				consequence: { type: 'string' },
			}),
		},
	}),
};
