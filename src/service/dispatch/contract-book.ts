import { type AgentApiContract, agentApiContractSchema } from '../../contracts/agent-api-contract.ts';
import { digestOf } from '../canonical.ts';
import { compileInputSchema, type InputRule } from './compile-input-schema.ts';

/** A contract as the database holds it, understood once. `digest` is recomputed, never the stored one. */
export interface ReadContract {
	contract: AgentApiContract;
	digest: string;
	/** Null when the schema cannot be applied. */
	inputRule: InputRule | null;
}

/** Contracts that were read, by the exact text of their row, so that any change in the row is read anew. */
export interface ContractBook {
	/** Null when the row is not a contract at all. */
	read(row: string): ReadContract | null;
	/** Requests a minute the contract last read for this tool allows each caller; null before one was read. */
	ratePerMinute(tool: string): number | null;
}

/** Bounds memory where rows keep changing; an instance has some hundred contracts at most. */
const MOST_ROWS = 2_000;

export function createContractBook(): ContractBook {
	const rows = new Map<string, ReadContract | null>();
	const rates = new Map<string, number>();
	return {
		read(row) {
			const known = rows.get(row);
			if (known !== undefined) return known;
			if (rows.size >= MOST_ROWS) {
				rows.clear();
				rates.clear();
			}
			const understood = understand(row);
			rows.set(row, understood);
			if (understood !== null) rates.set(understood.contract.tool, understood.contract.rate_per_minute);
			return understood;
		},
		ratePerMinute: (tool) => rates.get(tool) ?? null,
	};
}

function understand(row: string): ReadContract | null {
	const { digest: _stored, ...fields } = JSON.parse(row) as Record<string, unknown>;
	const parsed = agentApiContractSchema.safeParse(fields);
	if (!parsed.success) return null;
	const inputRule = compileInputSchema(parsed.data.input_schema);
	return { contract: parsed.data, digest: digestOf(parsed.data), inputRule };
}
