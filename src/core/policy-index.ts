import type { FlowRules } from './flow-shape.ts';
import type { AgentIndex } from './principal.ts';
import { type CollectionStewards, indexStewards, type StewardPolicy, type WriteAction } from './steward-index.ts';

export type { WriteAction } from './steward-index.ts';

/** The part of a policy that decides writes, as plain data: the core knows no schema library. */
export interface WritePolicy {
	governed: ReadonlyArray<{ collection: string; class: string; stewards?: readonly StewardPolicy[] }>;
	agents: { roles: readonly string[]; users: readonly string[]; surfaces: readonly string[] };
	write_allowlist: ReadonlyArray<{
		collection: string;
		actions: readonly WriteAction[];
		fields?: readonly string[] | undefined;
	}>;
	/** Absent: nothing but this product's own operations. */
	flows?: FlowRules | undefined;
}

/**
 * What agents may do to one collection with one action: any field, or the fields of all rules together. `rule` names the first
 * rule, one without fields before others; it is made here once, because a text costs more than the decision.
 */
interface AllowedAction {
	any: boolean;
	fields: Set<string>;
	rule: string;
}

/** Answers each question with one or two look-ups, however many rules the policy holds. */
export interface PolicyIndex {
	governed: ReadonlyMap<string, string>;
	/** Only of collections that have any. */
	stewards: ReadonlyMap<string, CollectionStewards>;
	agents: AgentIndex;
	/** Never holds a governed collection, whatever the allowlist says: what is found here needs no second look-up. */
	allowed: ReadonlyMap<string, Partial<Record<WriteAction, AllowedAction>>>;
	flows: FlowRules;
}

/** Shared: an empty set each would be most of the index, and a larger index is a slower one. */
const NO_FIELDS: Set<string> = new Set();

/** Rules for the same collection and action add up: a write may use the fields of all of them together. */
export function buildPolicyIndex(policy: WritePolicy): PolicyIndex {
	const governed = new Map(policy.governed.map((entry) => [entry.collection, entry.class]));
	const allowed = new Map<string, Partial<Record<WriteAction, AllowedAction>>>();

	for (const [position, rule] of policy.write_allowlist.entries()) {
		if (governed.has(rule.collection)) continue;
		const actions = allowed.get(rule.collection) ?? {};
		allowed.set(rule.collection, actions);

		for (const action of rule.actions) {
			actions[action] ??= { any: false, fields: NO_FIELDS, rule: `write_allowlist[${position}]` };
			addRule(actions[action], position, rule.fields);
		}
	}

	shareFields(allowed.values());

	return {
		governed,
		stewards: new Map(
			policy.governed.flatMap(({ collection, stewards = [] }) =>
				stewards.length > 0 ? [[collection, indexStewards(stewards)]] : [],
			),
		),
		agents: {
			roles: new Set(policy.agents.roles),
			users: new Set(policy.agents.users),
			surfaces: new Set(policy.agents.surfaces),
		},
		allowed,
		flows: policy.flows ?? { mode: 'enforce', helpers: [] },
	};
}

function addRule(action: AllowedAction, position: number, fields: readonly string[] | undefined): void {
	if (fields) {
		if (action.fields === NO_FIELDS) action.fields = new Set();
		for (const field of fields) action.fields.add(field);
	} else if (!action.any) {
		action.any = true;
		action.rule = `write_allowlist[${position}]`;
	}
}

/** Rules name the same few fields over and over: one set for all that do keeps the index small, and what is asked often near. */
function shareFields(collections: Iterable<Partial<Record<WriteAction, AllowedAction>>>): void {
	const known = new Map<string, Set<string>>();
	for (const actions of collections) {
		for (const action of Object.values(actions)) {
			if (action.fields === NO_FIELDS) continue;
			const names = JSON.stringify([...action.fields].sort());
			action.fields = known.get(names) ?? action.fields;
			known.set(names, action.fields);
		}
	}
}
