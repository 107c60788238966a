import type { StewardRule } from '../contracts/policy.ts';

interface StewardFault {
	/** Below `collections.<name>.stewards`. */
	path: (string | number)[];
	message: string;
}

const LISTS = ['roles', 'policies', 'users', 'actions', 'fields'] as const;

/** Everything that is wrong with the steward rules of one collection. What only the table can tell, `plan` tells. */
export function stewardFaults(
	rules: readonly StewardRule[],
	agents: { roles: readonly string[]; users: readonly string[] },
): StewardFault[] {
	const names = new Set<string>();
	return rules.flatMap((rule, position) => {
		const faults: StewardFault[] = [];
		const fault = (path: (string | number)[], message: string) => faults.push({ path: [position, ...path], message });

		if (names.has(rule.name)) fault(['name'], `${rule.name} is declared twice`);
		names.add(rule.name);
		if (rule.roles.length + rule.policies.length + rule.users.length === 0) {
			fault([], `${rule.name} names nobody: list at least one role, Directus policy or user`);
		}
		for (const list of LISTS) for (const at of repeated(rule[list])) fault([list, at], 'is named twice');
		if (rule.fields !== '*' && rule.actions.every((action) => action === 'delete')) {
			fault(['fields'], `${rule.name} only deletes, and a row is deleted whole: write fields: '*'`);
		}
		for (const kind of ['roles', 'users'] as const) {
			for (const at of shared(rule[kind], agents[kind])) {
				fault([kind, at], `${rule[kind][at]} is an agent, and agents never are stewards`);
			}
		}
		return faults;
	});
}

function repeated(list: string | readonly string[]): number[] {
	if (typeof list === 'string') return [];
	return [...list.keys()].filter((at) => list.indexOf(list[at] ?? '') !== at);
}

function shared(ids: readonly string[], agents: readonly string[]): number[] {
	return [...ids.keys()].filter((at) => agents.includes(ids[at] ?? ''));
}
