import type { Json } from '../tool.ts';
import { buildGraph } from './graph.ts';
import { type Graph, type GraphEdge, type GraphNode, inOrder } from './node.ts';
import type { GraphSources } from './rows.ts';
import { DEFAULT_DEPTH, MAX_NEIGHBOURS, NODE_KINDS } from './schema.ts';
import { explainGraph, explainNode } from './sentences.ts';
import { SOURCES } from './sources.ts';

export interface ExplainInput {
	/** Id of a node, `kind:name`; the whole graph is summed up without one. */
	node?: string;
	/** How many edges away a neighbour may be, 1 to 4. */
	depth?: number;
}

interface Neighbour extends GraphNode {
	distance: number;
}

/** Answers one question about the graph. Pure: the same rows and input give the same answer, to the byte. */
export function explain(sources: GraphSources, { node: id, depth = DEFAULT_DEPTH }: ExplainInput): Json {
	const graph = buildGraph(sources);
	const node = id === undefined ? null : (graph.nodes.get(id) ?? null);
	const all = node === null ? [] : neighboursOf(graph, node.id, depth);
	const neighbours = all.slice(0, MAX_NEIGHBOURS);
	const shown = new Set([node?.id, ...neighbours.map((neighbour) => neighbour.id)]);
	const answer = {
		node,
		depth,
		neighbours,
		edges: graph.edges.filter(({ from, to }) => shown.has(from) && shown.has(to)),
		explanation: [...explanationOf(id, node, graph, sources), ...unreadSentences(sources)],
		counts: countsOf(graph),
		omitted: all.length - neighbours.length,
		sources: SOURCES.flatMap(({ schema, name }) => {
			const rows = sources.rows[name];
			return rows === null ? [] : [{ table: `${schema}.${name}`, rows: rows.length }];
		}),
		not_readable: sources.notReadable,
	};
	return answer as unknown as Json;
}

function explanationOf(id: string | undefined, node: GraphNode | null, graph: Graph, sources: GraphSources): string[] {
	if (id === undefined) return explainGraph(graph, sources);
	if (node !== null) return explainNode(node, graph, sources);
	const unread = sources.notReadable.some(({ reason }) => reason !== 'withheld');
	return [
		unread
			? `Nothing readable registers or names ${id}; what could not be read may.`
			: `Nothing registers or names ${id}.`,
	];
}

function unreadSentences({ notReadable }: GraphSources): string[] {
	return notReadable
		.filter(({ reason }) => reason !== 'withheld')
		.map(({ table, consequence }) => `${table} was not readable: ${consequence}.`);
}

/** Nearest first, then by id; edges are followed in both directions. */
function neighboursOf(graph: Graph, start: string, depth: number): Neighbour[] {
	const adjacent = adjacencyOf(graph.edges);
	const distances = new Map([[start, 0]]);
	let frontier = [start];
	for (let distance = 1; distance <= depth; distance += 1) {
		const reached = new Set(frontier.flatMap((id) => adjacent.get(id) ?? []).filter((id) => !distances.has(id)));
		frontier = [...reached];
		for (const id of frontier) distances.set(id, distance);
	}
	return [...graph.nodes.values()]
		.map((node) => ({ ...node, distance: distances.get(node.id) ?? 0 }))
		.filter(({ distance }) => distance > 0)
		.sort((a, b) => a.distance - b.distance || inOrder(a.id, b.id));
}

function adjacencyOf(edges: readonly GraphEdge[]): Map<string, string[]> {
	const adjacent = new Map<string, string[]>();
	const add = (from: string, to: string) => {
		const known = adjacent.get(from);
		if (known) known.push(to);
		else adjacent.set(from, [to]);
	};
	for (const { from, to } of edges) {
		add(from, to);
		add(to, from);
	}
	return adjacent;
}

function countsOf(graph: Graph): Record<string, number> {
	const counts: Record<string, number> = Object.fromEntries(NODE_KINDS.map((kind) => [kind, 0]));
	for (const { kind } of graph.nodes.values()) counts[kind] = (counts[kind] ?? 0) + 1;
	return counts;
}
