import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../../src/executor/tools/kg-explain/explain.ts';
import type { GraphSources, SourceName } from '../../src/executor/tools/kg-explain/rows.ts';
import {
	KG_EXPLAIN_INPUT_SCHEMA,
	KG_EXPLAIN_RESULT_SCHEMA,
	MAX_NEIGHBOURS,
} from '../../src/executor/tools/kg-explain/schema.ts';
import { SOURCES } from '../../src/executor/tools/kg-explain/sources.ts';
import { canonicalJson } from '../../src/service/canonical.ts';

const ajv = new Ajv2020({ allErrors: true, strict: true });
const isInput = ajv.compile(KG_EXPLAIN_INPUT_SCHEMA);
const isResult = ajv.compile(KG_EXPLAIN_RESULT_SCHEMA);

const tool = (code: string, object: string) => ({
	code,
	title: `Title of ${code}`,
	verb: 'explain',
	object,
	version: '1.0.0',
	path: `bin/${code}`,
	channel: 'dispatch',
	status: 'registered',
	last_executed: null,
});

const FLOW = '11111111-0000-4000-8000-000000000001';
const GRANT = '22222222-0000-4000-8000-000000000002';

function example(): GraphSources {
	return {
		rows: {
			dot_tools: [tool('DOT_KG_EXPLAIN', 'governance graph'), tool('DOT_PRICE_LIST_AUDIT', 'price list')],
			dot_agent_api_contract: [
				{
					tool: 'DOT_KG_EXPLAIN',
					version: '1.0.0',
					executor: 'agent-api',
					modes: ['PLAN_ONLY', 'DRY_RUN'],
					side_effects: 'none',
					callers: '*',
					digest: 'sha256:aa',
				},
			],
			governance_gates: [
				{ id: 1, dispatch_enabled: true, dry_run_only: true, execute_enabled: false, real_run_enabled: false },
			],
			governance_grants: [
				{
					id: GRANT,
					tool: 'DOT_KG_EXPLAIN',
					caller: 'user-1',
					modes: ['DRY_RUN'],
					contract_digest: 'sha256:aa',
					lane: null,
					expires_at: '2030-01-01T00:00:00.000000Z',
					max_uses: 3,
					revoked_at: null,
				},
			],
			table_registry: [{ table_name: 'public.price_list', class: 'governed', purpose: 'Prices' }],
			governed_collections: [{ collection: 'price_list', class: 'governed' }],
			directus_collections: [{ collection: 'articles', hidden: false }],
			directus_flows: [{ id: FLOW, name: 'Nightly', status: 'active', trigger: 'schedule' }],
			directus_operations: [{ id: 'op', flow: FLOW, type: 'governed-dispatch' }],
		},
		notReadable: [],
	};
}

interface Answer {
	node: { id: string; presence: string; facts: Record<string, unknown> } | null;
	neighbours: { id: string; distance: number }[];
	edges: { from: string; kind: string; to: string }[];
	explanation: string[];
	counts: Record<string, number>;
	omitted: number;
	sources: { table: string; rows: number }[];
	not_readable: { table: string; reason: string }[];
}

function ask(sources: GraphSources, input: { node?: string; depth?: number } = {}): Answer {
	const answer = explain(sources, input);
	expect(isResult(answer), JSON.stringify(isResult.errors)).toBe(true);
	return answer as unknown as Answer;
}

const without = (name: SourceName): GraphSources => {
	const sources = example();
	sources.rows[name] = null;
	const source = SOURCES.find((candidate) => candidate.name === name);
	sources.notReadable.push({
		table: `${source?.schema}.${name}`,
		columns: [],
		reason: 'no_privilege',
		consequence: source?.consequence ?? '',
	});
	return sources;
};

describe('the input schema', () => {
	it.each([[{}], [{ node: 'tool:X' }], [{ node: 'collection:with space', depth: 4 }], [{ depth: 1 }]])(
		'takes %j',
		(input) => expect(isInput(input)).toBe(true),
	);

	it.each([
		[{ node: 'X' }],
		[{ node: 'user:1' }],
		[{ node: 'tool:' }],
		[{ node: 'tool: X' }],
		[{ node: `tool:${'X'.repeat(300)}` }],
		[{ node: 7 }],
		[{ depth: 0 }],
		[{ depth: 5 }],
		[{ depth: 1.5 }],
		[{ depth: '1' }],
		[{ node: 'tool:X', sql: 'drop table x' }],
		[[]],
		[null],
	])('refuses %j', (input) => expect(isInput(input)).toBe(false));
});

describe('a node is explained', () => {
	it('a tool with its contract, executor, gates and grant, nearest first', () => {
		const answer = ask(example(), { node: 'tool:DOT_KG_EXPLAIN', depth: 2 });
		expect(answer.neighbours.map(({ id, distance }) => [distance, id])).toEqual([
			[1, 'contract:DOT_KG_EXPLAIN'],
			[1, `grant:${GRANT}`],
			[2, 'executor:agent-api'],
			[2, 'gates:1'],
		]);
		expect(answer.explanation.join(' ')).toContain('No execution of it is recorded.');
	});

	it('depth is 1 unless told, and edges lead only between what is shown', () => {
		const answer = ask(example(), { node: 'tool:DOT_KG_EXPLAIN' });
		const shown = new Set([answer.node?.id, ...answer.neighbours.map(({ id }) => id)]);
		expect(answer.neighbours.every(({ distance }) => distance === 1)).toBe(true);
		expect(answer.edges.length).toBeGreaterThan(0);
		for (const { from, to } of answer.edges) expect([shown.has(from), shown.has(to)]).toEqual([true, true]);
	});

	it('a tool without a contract says that it cannot be dispatched, and names its collection', () => {
		const answer = ask(example(), { node: 'tool:DOT_PRICE_LIST_AUDIT' });
		expect(answer.explanation.join(' ')).toContain('NO_AGENT_API_CONTRACT');
		expect(answer.edges).toEqual([
			{ from: 'tool:DOT_PRICE_LIST_AUDIT', kind: 'operates_on', to: 'collection:price_list' },
		]);
	});

	it('a grant for an older contract is not bound to the new one', () => {
		const sources = example();
		for (const contract of sources.rows.dot_agent_api_contract ?? []) contract.digest = 'sha256:bb';
		const answer = ask(sources, { node: `grant:${GRANT}` });
		expect(answer.edges.map(({ kind }) => kind)).toEqual(['permits']);
		expect(answer.explanation.join(' ')).toContain('another version of the contract');
	});

	it.each([
		'tool:DOT_KG_EXPLAIN',
		'contract:DOT_KG_EXPLAIN',
		'executor:agent-api',
		'collection:price_list',
		'collection:articles',
		`flow:${FLOW}`,
		'gates:1',
		`grant:${GRANT}`,
	])('%s is found and explained', (node) => {
		const answer = ask(example(), { node, depth: 4 });
		expect(answer.node?.id).toBe(node);
		expect(answer.explanation.length).toBeGreaterThan(1);
		expect(answer.explanation.join(' ')).not.toMatch(/undefined|\[object/);
	});

	it('a collection says what each of the three sources says of it', () => {
		expect(ask(example(), { node: 'collection:price_list' }).node?.facts).toEqual({
			registered_class: 'governed',
			purpose: 'Prices',
			guard_class: 'governed',
			in_directus: false,
		});
		expect(ask(example(), { node: 'collection:articles' }).node?.facts).toEqual({
			registered_class: null,
			purpose: null,
			guard_class: null,
			in_directus: true,
			hidden: false,
		});
	});

	it('what is only referred to is told apart from what is registered', () => {
		const sources = example();
		sources.rows.dot_tools = [];
		expect(ask(sources, { node: 'tool:DOT_KG_EXPLAIN' }).node?.presence).toBe('named_only');
	});

	it('a node nobody knows is an answer, not a failure', () => {
		const answer = ask(example(), { node: 'tool:DOT_NOWHERE' });
		expect(answer.node).toBeNull();
		expect(answer.explanation).toEqual(['Nothing registers or names tool:DOT_NOWHERE.']);
	});

	it('without a node the whole graph is summed up', () => {
		const answer = ask(example());
		expect(answer.node).toBeNull();
		expect(answer.counts).toEqual({ tool: 2, contract: 1, executor: 1, collection: 2, flow: 1, gates: 1, grant: 1 });
		expect(answer.explanation.join(' ')).toContain('Tools with a contract: DOT_KG_EXPLAIN.');
	});
});

describe('what may not be read', () => {
	const names = SOURCES.map(({ name }) => name);

	it.each(names)('%s unreadable is said in not_readable and in words, and is no empty table', (name) => {
		const sources = without(name);
		const answer = ask(sources, { node: 'tool:DOT_KG_EXPLAIN', depth: 4 });
		expect(answer.not_readable.map(({ table }) => table)).toContain(sources.notReadable[0]?.table);
		expect(answer.sources.map(({ table }) => table)).not.toContain(sources.notReadable[0]?.table);
		expect(answer.explanation.join(' ')).toContain('was not readable');
	});

	it('a tool that an unreadable table may hold is unknown, not absent', () => {
		expect(ask(without('dot_tools'), { node: 'tool:DOT_KG_EXPLAIN' }).node?.presence).toBe('unknown');
	});

	it('no contract is claimed to be missing when contracts cannot be read', () => {
		const words = ask(without('dot_agent_api_contract'), { node: 'tool:DOT_KG_EXPLAIN' }).explanation.join(' ');
		expect(words).toContain('Whether it has a contract cannot be read.');
		expect(words).not.toContain('NO_AGENT_API_CONTRACT');
	});

	it('no collection is called ungoverned when the list of governed ones cannot be read', () => {
		const { node, explanation } = ask(without('governed_collections'), { node: 'collection:articles' });
		expect(node?.facts).not.toHaveProperty('guard_class');
		expect(explanation.join(' ')).not.toContain('not among the governed');
	});

	it('an unknown node might be in what could not be read', () => {
		expect(ask(without('directus_flows'), { node: 'flow:x' }).explanation[0]).toContain('what could not be read may');
	});
});

describe('the answer is calculated', () => {
	it('the order of the rows changes no byte', () => {
		const sources = example();
		for (let n = 0; n < 20; n += 1) {
			sources.rows.dot_tools?.push(tool(`DOT_T${n}`, n % 2 ? 'price list' : 'articles'));
			sources.rows.directus_flows?.push({ id: `f${n}`, name: 'é', status: 'active', trigger: null });
		}
		for (const code of ['DOT_B', 'DOT_A']) {
			for (const contract of example().rows.dot_agent_api_contract ?? []) {
				sources.rows.dot_agent_api_contract?.push({ ...contract, tool: code });
			}
		}
		const questions = [{}, { node: 'collection:price_list', depth: 4 }, { node: 'gates:1', depth: 4 }];
		const answers = (asked: GraphSources) => questions.map((input) => canonicalJson(explain(asked, input)));
		const expected = answers(sources);
		const seeds = fc.infiniteStream(fc.nat());
		fc.assert(
			fc.property(seeds, (stream) => {
				const rows = Object.fromEntries(
					SOURCES.map(({ name }) => {
						const ranked = (sources.rows[name] ?? []).map((row) => [Number(stream.next().value), row] as const);
						return [name, ranked.sort(([a], [b]) => a - b).map(([, row]) => row)];
					}),
				) as GraphSources['rows'];
				expect(answers({ rows, notReadable: [] })).toEqual(expected);
			}),
			{ numRuns: 50 },
		);
	});

	it('a hub with more neighbours than an answer holds says how many are left out', () => {
		const sources = example();
		for (let n = 0; n < MAX_NEIGHBOURS + 50; n += 1) sources.rows.dot_tools?.push(tool(`DOT_T${n}`, 'price list'));
		const answer = ask(sources, { node: 'collection:price_list' });
		expect(answer.neighbours).toHaveLength(MAX_NEIGHBOURS);
		expect(answer.omitted).toBe(51);
		expect(JSON.stringify(answer).length).toBeLessThan(262_144);
	});

	it('whatever node is asked for, the answer matches its schema', () => {
		fc.assert(
			fc.property(fc.string({ maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (name, depth) => {
				ask(example(), { node: `tool:${name}`, depth });
				ask(example(), { node: name, depth });
			}),
		);
	});
});
