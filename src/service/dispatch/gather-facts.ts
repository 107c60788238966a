import { createHash } from 'node:crypto';
import type { DispatchRequest } from '../../contracts/dispatch.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { ContractFacts, DispatchFacts, ExecutorFacts, GrantFacts, InputFacts } from '../../core/dispatch-facts.ts';
import type { ExecutorDirectory } from '../ports/executor-directory.ts';
import type { DispatchCaller, DispatchSurface } from './caller.ts';
import type { ContractBook, ReadContract } from './contract-book.ts';
import type { RegistrySnapshot } from './ports.ts';

/** A well-formed request by an authenticated caller. REAL_RUN never gets this far. */
export interface Subjected {
	request: DispatchRequest & { mode: 'PLAN_ONLY' | 'DRY_RUN' };
	caller: DispatchCaller;
	surface: DispatchSurface;
}

/** The facts of one decision, and the contract they came from. */
export interface Gathered {
	facts: DispatchFacts;
	contract: ReadContract | null;
}

/** Puts the signed policy and what the database holds side by side; judges nothing but the input. */
export function gatherFacts(
	{ request, caller, surface }: Subjected,
	policy: PolicyDocument,
	registry: RegistrySnapshot,
	book: ContractBook,
): Gathered {
	const tool = registry.tools.get(request.tool);
	const row = tool?.contract ?? null;
	const contract = row === null ? null : book.read(row);
	const applied = Object.hasOwn(policy.contracts, request.tool) ? policy.contracts[request.tool] : undefined;
	const facts: DispatchFacts = {
		mode: request.mode,
		caller: { user: caller.user, roles: caller.roles, surface },
		applied: {
			generation: policy.generation,
			gates: policy.gates,
			contractDigest: applied ?? null,
			namedByLane: Object.values(policy.lanes).some((lane) => lane.tool === request.tool),
		},
		found: {
			generation: registry.generation,
			gates: registry.gates,
			tool: tool === undefined ? null : { status: tool.status },
			// A row that is no contract at all must not read as "none registered".
			contract: row === null ? null : contract === null ? UNREADABLE : contractFacts(contract, request.input ?? {}),
		},
		grant: grantFacts(request.grant, registry),
		executor: { kind: 'not_asked' },
	};
	return { facts, contract };
}

const UNREADABLE: ContractFacts = {
	modes: [],
	side_effects: 'unknown',
	callers: { roles: [], users: [], surfaces: [] },
	digest: 'none',
	input: { kind: 'unusable_schema' },
};

function contractFacts({ contract, digest, inputRule }: ReadContract, input: unknown): ContractFacts {
	const { modes, side_effects, callers, max_input_bytes } = contract;
	return { modes, side_effects, callers, digest, input: inputFacts(inputRule, max_input_bytes, input) };
}

function inputFacts(rule: ReadContract['inputRule'], limit: number, input: unknown): InputFacts {
	if (rule === null) return { kind: 'unusable_schema' };
	if (Buffer.byteLength(JSON.stringify(input)) > limit) return { kind: 'too_large', limit };
	const faults = rule(input);
	return faults.length === 0 ? { kind: 'valid' } : { kind: 'invalid', faults };
}

/** What stands for a grant wherever something is stored or looked up: its hash, never the grant. */
export function hashGrant(grant: string): string {
	return `sha256:${createHash('sha256').update(grant, 'utf8').digest('hex')}`;
}

function grantFacts(grant: string | undefined, registry: RegistrySnapshot): GrantFacts {
	if (grant === undefined) return { kind: 'none' };
	return { kind: registry.grants.has(hashGrant(grant)) ? 'registered' : 'unregistered' };
}

/** Asks the executor the policy names for this contract whether it serves the tool. Never rejects. */
export async function askExecutor(
	{ contract: { tool, executor } }: ReadContract,
	policy: PolicyDocument,
	directory: ExecutorDirectory,
): Promise<ExecutorFacts> {
	const endpoint = Object.hasOwn(policy.executors, executor) ? policy.executors[executor] : undefined;
	if (endpoint === undefined) return { kind: 'undeclared' };
	const answer = await directory.capabilities(endpoint.url);
	if (answer.kind !== 'ok') return { kind: answer.kind, detail: answer.detail };
	return { kind: answer.capabilities.tools.some(({ code }) => code === tool) ? 'serves' : 'not_served' };
}
