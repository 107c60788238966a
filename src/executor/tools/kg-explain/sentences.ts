import { type Graph, type GraphEdge, type GraphNode, inOrder } from './node.ts';
import type { GraphSources, SourceName } from './rows.ts';
import { EDGE_KINDS } from './schema.ts';

/** Past this many, edges of one node are counted in the explanation; all of them stand in `edges`. */
const SPOKEN_EDGES = 20;

/** Explains a node in sentences: what it is, what is decided by it, and each edge it has. */
export function explainNode(node: GraphNode, graph: Graph, sources: GraphSources): string[] {
	const edges = graph.edges.filter(({ from, to }) => from === node.id || to === node.id);
	return [...aboutNode(node, edges, sources), ...aboutEdges(node, edges)];
}

function aboutNode(node: GraphNode, edges: GraphEdge[], sources: GraphSources): string[] {
	if (node.presence === 'unknown') return [`${node.id} is referred to; whether it is registered cannot be read.`];
	switch (node.kind) {
		case 'tool':
			return aboutTool(node, edges, sources);
		case 'contract':
			return aboutContract(node);
		case 'executor':
			return [
				`${node.id} is an executor that contracts name. Its address stands in the signed policy, not in a table.`,
				'What it serves is what it answers at /capabilities; its word decides nothing else.',
			];
		case 'collection':
			return aboutCollection(node);
		case 'flow':
			return aboutFlow(node);
		case 'gates':
			return aboutGates(node);
		case 'grant':
			return aboutGrant(node, edges, sources);
		default:
			return unreachable(node.kind);
	}
}

function aboutTool(node: GraphNode, edges: GraphEdge[], { rows }: GraphSources): string[] {
	if (node.presence === 'named_only') return [`${node.id} is referred to, but no such tool is registered.`];
	const { verb, object, version, path, channel, status, last_executed: last } = node.facts;
	const sentences = [
		`${node.id} is a tool in status ${status}: ${node.title}, version ${version}. Its verb is ${verb}, its object ${object}.`,
		`Its path is ${path}, its channel ${channel}. ${last === null ? 'No execution of it is recorded.' : `It was last executed at ${last}.`}`,
	];
	if (rows.dot_agent_api_contract === null) sentences.push('Whether it has a contract cannot be read.');
	else if (!edges.some(({ kind }) => kind === 'has_contract')) {
		sentences.push('It has no contract, so every dispatch of it is refused: NO_AGENT_API_CONTRACT.');
	}
	return sentences;
}

function aboutContract(node: GraphNode): string[] {
	if (node.presence === 'named_only') return [`${node.id} is referred to, but no such contract is registered.`];
	const { version, modes, side_effects: sideEffects, callers } = node.facts;
	return [
		`${node.id} is a contract, version ${version}, for the modes ${listed(modes)}. Declared side effects: ${sideEffects}.`,
		callers === '*'
			? 'Every authenticated caller may use it.'
			: 'Only the users, roles and surfaces in its callers may use it.',
		'REAL_RUN is no mode of any contract.',
	];
}

function aboutCollection({ id, facts }: GraphNode): string[] {
	const sentences: string[] = [];
	if (typeof facts.guard_class === 'string') {
		sentences.push(
			`${id} is guarded as ${facts.guard_class}: only the canonical writer changes it, and nobody truncates it.`,
		);
	} else if (facts.guard_class === null) sentences.push(`${id} is not among the governed collections.`);
	else sentences.push(`Whether the guards protect ${id} cannot be read.`);
	if (typeof facts.purpose === 'string')
		sentences.push(`It is registered as ${facts.registered_class}: ${facts.purpose}.`);
	else if (facts.purpose === null) sentences.push('It is not in the table registry.');
	if (facts.in_directus !== undefined) {
		sentences.push(
			facts.in_directus ? 'Directus shows it as a collection.' : 'Directus does not show it as a collection.',
		);
	}
	return sentences;
}

function aboutFlow({ id, title, facts }: GraphNode): string[] {
	const operations = facts.operations;
	return [
		`${id} is the flow ${title} in status ${facts.status}, triggered by ${facts.trigger ?? 'nothing'}.`,
		Array.isArray(operations) ? `Types of its operations: ${listed(operations)}.` : 'Its operations cannot be read.',
		'Which collections and tools its options name is not read.',
	];
}

function aboutGates({ id, presence, facts }: GraphNode): string[] {
	if (presence === 'named_only') return [`${id} has no row, so every dispatch is held: GOVERNANCE_HOLD.`];
	const switches = Object.entries(facts).map(([name, value]) => `${name} is ${value}`);
	const dispatch = facts.dispatch_enabled
		? 'Dry runs and plans may be dispatched'
		: 'Every dispatch is refused: GATE_CLOSED';
	return [
		`${id} are the posture switches: ${switches.join(', ')}.`,
		`${dispatch}; a real run does not exist in any state.`,
	];
}

function aboutGrant({ id, facts }: GraphNode, edges: GraphEdge[], { rows }: GraphSources): string[] {
	const { tool, caller, modes, lane, expires_at: until, max_uses: uses, revoked_at: revoked } = facts;
	const forLane = lane === null ? '' : ` for lane ${lane}`;
	const sentences = [
		`${id} lets ${caller} use ${tool} in ${listed(modes)}${forLane} until ${until}, ${uses} times at most.`,
		revoked === null ? 'It is not revoked.' : `It was revoked at ${revoked}.`,
	];
	if (rows.dot_agent_api_contract === null) sentences.push('Whether its contract is still the same cannot be read.');
	else if (!edges.some(({ kind }) => kind === 'bound_to')) {
		sentences.push('It was minted for another version of the contract than the registered one.');
	}
	return sentences;
}

function aboutEdges({ id }: GraphNode, edges: GraphEdge[]): string[] {
	if (edges.length === 0) return [`No edge leads to or from ${id}.`];
	const spoken = edges.slice(0, SPOKEN_EDGES).map(({ from, kind, to }) => `${from} ${EDGE_KINDS[kind]} ${to}.`);
	const rest = edges.length - spoken.length;
	return rest > 0 ? [...spoken, `${rest} more edges lead to or from ${id}.`] : spoken;
}

/** Sums the whole graph up. */
export function explainGraph(graph: Graph, { rows }: GraphSources): string[] {
	const known = (source: SourceName, text: string): string[] => (rows[source] === null ? [] : [text]);
	const contracts = (rows.dot_agent_api_contract ?? []).map(({ tool }) => tool).sort(inOrder);
	const guarded = rows.governed_collections ?? [];
	return [
		`The governance graph has ${graph.nodes.size} nodes and ${graph.edges.length} edges.`,
		...known('dot_tools', `${rows.dot_tools?.length} tools are registered.`),
		...known('dot_agent_api_contract', `Tools with a contract: ${listed(contracts)}.`),
		...known('governed_collections', `${guarded.length} collections are guarded.`),
		...[...graph.nodes.values()].filter(({ kind }) => kind === 'gates').flatMap(aboutGates),
	];
}

function listed(values: unknown): string {
	return Array.isArray(values) && values.length > 0 ? values.join(', ') : 'none';
}

function unreachable(kind: never): never {
	throw new TypeError(`unhandled kind ${String(kind)}`);
}
