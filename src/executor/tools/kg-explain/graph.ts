import { collectionNodes, collectionsNamedBy } from './collections.ts';
import { type Graph, type GraphEdge, type GraphNode, inOrder, registered } from './node.ts';
import type { GraphSources, SourceName, SourceRows } from './rows.ts';
import type { NodeKind } from './schema.ts';

/** A source's share of the graph. */
interface Part {
	nodes: GraphNode[];
	edges: GraphEdge[];
}

/** The operation of the bundle that dispatches. Source: DESIGN.md §8. */
const DISPATCH_OPERATION = 'governed-dispatch';

const GATES = 'gates:1';

/** Where the row of a node would be, for nodes that something only refers to. Executors have no table of their own. */
const HOME: Partial<Record<NodeKind, SourceName>> = {
	tool: 'dot_tools',
	contract: 'dot_agent_api_contract',
	gates: 'governance_gates',
};

/** Builds the graph. Pure: the same rows give the same graph, in whatever order they come. */
export function buildGraph({ rows }: GraphSources): Graph {
	const parts: Part[] = [
		{ nodes: collectionNodes(rows), edges: [] },
		...(rows.governance_gates ?? []).map(gatesPart),
		...(rows.dot_agent_api_contract ?? []).map(contractPart),
		...(rows.governance_grants ?? []).map((grant) => grantPart(grant, rows.dot_agent_api_contract)),
		...(rows.directus_flows ?? []).map((flow) => flowPart(flow, rows.directus_operations)),
		toolsPart(rows),
	];
	const edges = parts.flatMap((part) => part.edges).sort((a, b) => inOrder(keyOf(a), keyOf(b)));
	const nodes = new Map(parts.flatMap((part) => part.nodes).map((node) => [node.id, node]));
	for (const id of edges.flatMap(({ from, to }) => [from, to])) {
		if (!nodes.has(id)) nodes.set(id, mentioned(id, rows));
	}
	return { nodes: new Map([...nodes].sort(([a], [b]) => inOrder(a, b))), edges };
}

const keyOf = ({ from, kind, to }: GraphEdge): string => `${from}\n${kind}\n${to}`;

function gatesPart({ id, ...switches }: SourceRows['governance_gates']): Part {
	return { nodes: [registered('gates', String(id), 'Gates', switches)], edges: [] };
}

function contractPart(contract: SourceRows['dot_agent_api_contract']): Part {
	const { tool, version, executor, modes, side_effects, callers, digest } = contract;
	const facts = { version, modes, side_effects, callers, contract_digest: digest };
	const id = `contract:${tool}`;
	return {
		nodes: [registered('contract', tool, `Contract of ${tool}, version ${version}`, facts)],
		edges: [
			{ from: `tool:${tool}`, kind: 'has_contract', to: id },
			{ from: id, kind: 'executed_by', to: `executor:${executor}` },
			{ from: id, kind: 'gated_by', to: GATES },
		],
	};
}

function grantPart(
	{ id: name, ...facts }: SourceRows['governance_grants'],
	contracts: SourceRows['dot_agent_api_contract'][] | null,
): Part {
	const node = registered('grant', name, `Grant for ${facts.tool}`, facts);
	const bound = contracts?.some(({ tool, digest }) => tool === facts.tool && digest === facts.contract_digest);
	const edges: GraphEdge[] = [{ from: node.id, kind: 'permits', to: `tool:${facts.tool}` }];
	if (bound) edges.push({ from: node.id, kind: 'bound_to', to: `contract:${facts.tool}` });
	return { nodes: [node], edges };
}

function flowPart(flow: SourceRows['directus_flows'], operations: SourceRows['directus_operations'][] | null): Part {
	const { id: name, name: title, status, trigger } = flow;
	const types = operations?.filter((operation) => operation.flow === name).map(({ type }) => type) ?? null;
	const distinct = types && [...new Set(types)].sort(inOrder);
	const node = registered('flow', name, title, { status, trigger, operations: distinct });
	const dispatches = distinct?.includes(DISPATCH_OPERATION);
	return { nodes: [node], edges: dispatches ? [{ from: node.id, kind: 'gated_by', to: GATES }] : [] };
}

function toolsPart(rows: GraphSources['rows']): Part {
	const tools = rows.dot_tools ?? [];
	const named = collectionsNamedBy(collectionNodes(rows));
	return {
		nodes: tools.map(({ code, title, ...facts }) => registered('tool', code, title, facts)),
		edges: tools.flatMap(({ code, object }) =>
			named(object).map((to) => ({ from: `tool:${code}`, kind: 'operates_on' as const, to })),
		),
	};
}

function mentioned(id: string, rows: GraphSources['rows']): GraphNode {
	const kind = id.slice(0, id.indexOf(':')) as NodeKind;
	const home = HOME[kind];
	const presence = home !== undefined && rows[home] === null ? 'unknown' : 'named_only';
	return { id, kind, title: id.slice(kind.length + 1), presence, facts: {} };
}
