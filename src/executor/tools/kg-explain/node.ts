import type { JsonObject } from '../tool.ts';
import type { EdgeKind, NodeKind } from './schema.ts';

export interface GraphNode {
	/** `kind:name` */
	id: string;
	kind: NodeKind;
	title: string;
	/** `named_only`: something refers to it and no row does; `unknown`: the table it would be in is not readable. */
	presence: 'registered' | 'named_only' | 'unknown';
	facts: JsonObject;
}

export interface GraphEdge {
	from: string;
	kind: EdgeKind;
	to: string;
}

/** The governance graph of one snapshot. Nodes and edges are in an order that depends on nothing but themselves. */
export interface Graph {
	nodes: ReadonlyMap<string, GraphNode>;
	edges: readonly GraphEdge[];
}

export function registered(kind: NodeKind, name: string, title: string, facts: JsonObject): GraphNode {
	return { id: `${kind}:${name}`, kind, title, presence: 'registered', facts };
}

/** Order by UTF-16 code unit, the same in every locale. */
export function inOrder(a: string, b: string): number {
	if (a === b) return 0;
	return a < b ? -1 : 1;
}
