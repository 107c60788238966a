import type { Tool } from '../tool.ts';
import { type ExplainInput, explain } from './explain.ts';
import { readSources } from './read-sources.ts';
import { KG_EXPLAIN_INPUT_SCHEMA, KG_EXPLAIN_RESULT_SCHEMA } from './schema.ts';

/** Explains a node of the governance graph, or the whole graph, from the rows of one snapshot. */
export const kgExplain: Tool = {
	code: 'DOT_KG_EXPLAIN',
	version: '1.0.0',
	inputSchema: KG_EXPLAIN_INPUT_SCHEMA,
	resultSchema: KG_EXPLAIN_RESULT_SCHEMA,
	async compute(read, input) {
		return explain(await readSources(read), input as ExplainInput);
	},
};
