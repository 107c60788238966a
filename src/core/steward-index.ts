export type WriteAction = 'create' | 'update' | 'delete';

/** One steward rule of a policy, as plain data. Roles, policies and users are Directus ids; one of them is enough. */
export interface StewardPolicy {
	name: string;
	roles: readonly string[];
	policies: readonly string[];
	users: readonly string[];
	actions: readonly WriteAction[];
	fields: '*' | readonly string[];
}

/** What one mark (a role, a policy, a user) may do with one action: all rules that name it, put together. */
interface StewardGrant {
	rules: string[];
	any: boolean;
	fields: Set<string>;
}

type Grants = Partial<Record<WriteAction, StewardGrant>>;

/** The stewards of one collection by their marks: a decision costs the asker's marks, not the policy's rules. */
export interface CollectionStewards {
	roles: ReadonlyMap<string, Grants>;
	policies: ReadonlyMap<string, Grants>;
	users: ReadonlyMap<string, Grants>;
}

export interface StewardMarks {
	user: string | null;
	roles: readonly string[];
	policies: readonly string[];
}

/** `rules` are all the asker's rules for this action: the permit is as wide as they are, whatever was asked. */
export type StewardVerdict =
	| { kind: 'allowed'; rules: string[] }
	| { kind: 'no_steward' }
	| { kind: 'other_action' }
	| { kind: 'other_field'; rules: string[] };

export function indexStewards(rules: readonly StewardPolicy[]): CollectionStewards {
	const index = { roles: new Map(), policies: new Map(), users: new Map() };
	for (const rule of rules) {
		for (const kind of ['roles', 'policies', 'users'] as const) {
			for (const mark of rule[kind]) addRule(index[kind], mark, rule);
		}
	}
	return index;
}

function addRule(marks: Map<string, Grants>, mark: string, { name, actions, fields }: StewardPolicy): void {
	const grants = marks.get(mark) ?? {};
	marks.set(mark, grants);

	for (const action of actions) {
		const grant = grants[action] ?? { rules: [], any: false, fields: new Set() };
		grants[action] = grant;
		if (!grant.rules.includes(name)) grant.rules.push(name);
		if (fields === '*') grant.any = true;
		else for (const field of fields) grant.fields.add(field);
	}
}

/**
 * `action` null asks whether the asker is a steward of anything here: what is written is not known yet, and each write is
 * asked again. `fields` absent means the same for fields; a row is deleted whole, so they do not matter there.
 */
export function judgeSteward(
	stewards: CollectionStewards,
	{ user, roles, policies }: StewardMarks,
	action: WriteAction | null,
	fields: readonly string[] | undefined,
): StewardVerdict {
	const held = [
		...(user === null ? [] : [stewards.users.get(user)]),
		...roles.map((role) => stewards.roles.get(role)),
		...policies.map((policy) => stewards.policies.get(policy)),
	].filter((grants) => grants !== undefined);
	if (held.length === 0) return { kind: 'no_steward' };
	if (action === null) return { kind: 'allowed', rules: [] };

	const grants = held.map((each) => each[action]).filter((grant) => grant !== undefined);
	if (grants.length === 0) return { kind: 'other_action' };

	const rules = [...new Set(grants.flatMap((grant) => grant.rules))].sort();
	const covers = (field: string): boolean => grants.some(({ any, fields: named }) => any || named.has(field));
	if (action === 'delete' || fields === undefined || fields.every(covers)) return { kind: 'allowed', rules };
	return { kind: 'other_field', rules };
}

/** Every field that some rule names for this action, whoever it names. */
export function stewardedFields({ roles, policies, users }: CollectionStewards, action: WriteAction): string[] {
	const grants = [roles, policies, users].flatMap((marks) => [...marks.values()]);
	return [...new Set(grants.flatMap((each) => [...(each[action]?.fields ?? [])]))];
}
