import type { WritePolicy, WriteRequest } from '../../src/core/decide-write.ts';

/** What every engine is asked: may the agent do this to these fields? */
export interface Question extends WriteRequest {
	fields: readonly string[];
}

const AGENT = { kind: 'agent', user: 'agent', role: 'agents', surface: 'mcp' } as const;

const ACTIONS = ['create', 'update', 'delete'] as const;
const FIELDS = ['title', 'body', 'note'] as const;
const QUESTIONS = 1_024;

/**
 * `rules` entries of an allowlist, each for a collection of its own, every other one limited to two fields; a tenth as many
 * governed collections, which no entry can open.
 */
export function policyOf(rules: number): WritePolicy {
	return {
		governed: Array.from({ length: Math.ceil(rules / 10) }, (_, n) => ({
			collection: `governed_${n}`,
			class: 'governed',
		})),
		agents: { roles: ['agents'], users: [], surfaces: ['mcp', 'ai'] },
		write_allowlist: Array.from({ length: rules }, (_, n) => ({
			collection: `open_${n}`,
			actions: ['create', 'update'],
			...(n % 2 === 0 && { fields: ['title', 'body'] }),
		})),
	};
}

/** The same questions for every engine: open, governed and unknown collections, all actions, one to three fields. */
export function questionsFor(rules: number, seed = 1): Question[] {
	let state = seed;
	const next = (below: number) => {
		// A linear congruential generator: repeatable, and good enough to spread look-ups.
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
	return Array.from({ length: QUESTIONS }, () => {
		const kind = next(10);
		const collection =
			kind < 8
				? `open_${next(rules)}`
				: kind < 9
					? `governed_${next(Math.ceil(rules / 10))}`
					: `unknown_${next(rules)}`;
		const action = ACTIONS[next(ACTIONS.length)] ?? 'create';
		return { collection, action, fields: FIELDS.slice(0, 1 + next(FIELDS.length)), principal: AGENT };
	});
}
