import { createMongoAbility } from '@casl/ability';
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import { buildPolicyIndex, decideWrite, type WritePolicy } from '../../src/core/decide-write.ts';
import type { Question } from './decision-questions.ts';

/** True: allowed. Each engine gets the policy in the form it is fastest with, built before the clock starts. */
export type Engine = (question: Question) => boolean;

export function ours(policy: WritePolicy): Engine {
	const index = buildPolicyIndex(policy);
	return (question) => decideWrite(index, question).kind === 'allowed';
}

/** What somebody would write by hand for exactly this: role, collection, action, fields. */
export function nestedMap(policy: WritePolicy): Engine {
	const roles = new Map<string, Map<string, Map<string, Set<string> | '*'>>>();
	const collections = new Map<string, Map<string, Set<string> | '*'>>();
	roles.set('agents', collections);
	for (const { collection, actions, fields } of policy.write_allowlist) {
		const held = collections.get(collection) ?? new Map<string, Set<string> | '*'>();
		collections.set(collection, held);
		for (const action of actions) held.set(action, fields ? new Set(fields) : '*');
	}
	return ({ principal, collection, action, fields }) => {
		const held = roles
			.get(principal.role ?? '')
			?.get(collection)
			?.get(action);
		if (held === undefined) return false;
		return held === '*' || action === 'delete' || fields.every((field) => held.has(field));
	};
}

export function casl(policy: WritePolicy): Engine {
	const ability = createMongoAbility(
		policy.write_allowlist.map(({ collection, actions, fields }) => ({
			action: [...actions],
			subject: collection,
			...(fields && { fields: [...fields] }),
		})),
	);
	return ({ collection, action, fields }) =>
		action === 'delete'
			? ability.can(action, collection)
			: fields.every((field) => ability.can(action, collection, field));
}

const CASBIN_MODEL = `
[request_definition]
r = sub, obj, act, fields
[policy_definition]
p = sub, obj, act, fields
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && r.sub == p.sub && covers(p.act, r.act) && covers(p.fields, r.fields)`;

export async function casbin(policy: WritePolicy): Promise<Engine> {
	const lines = policy.write_allowlist.map(
		({ collection, actions, fields }) => `p, agents, ${collection}, ${actions.join('|')}, ${fields?.join('|') ?? '*'}`,
	);
	const enforcer = await newEnforcer(newModelFromString(CASBIN_MODEL), new StringAdapter(lines.join('\n')));
	const sets = new Map<string, Set<string>>();
	enforcer.addFunction('covers', (held: string, wanted: string) => {
		if (held === '*') return true;
		const set = sets.get(held) ?? new Set(held.split('|'));
		sets.set(held, set);
		return wanted.split('|').every((name) => set.has(name));
	});
	return ({ principal, collection, action, fields }) =>
		enforcer.enforceSync(principal.role ?? '', collection, action, fields.join('|'));
}

export function cedar(policy: WritePolicy): Engine {
	const texts = policy.write_allowlist.map(({ collection, actions, fields }) => {
		const held = actions.map((action) => `Action::"${action}"`).join(', ');
		const when = fields
			? ` when { [${fields.map((field) => `"${field}"`).join(', ')}].containsAll(context.fields) }`
			: '';
		return `permit(principal == Role::"agents", action in [${held}], resource == Collection::"${collection}")${when};`;
	});
	const name = `bench-${texts.length}`;
	const parsed = preparsePolicySet(name, { staticPolicies: texts.join('\n') });
	if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed));
	return ({ principal, collection, action, fields }) => {
		const answer = statefulIsAuthorized({
			principal: { type: 'Role', id: principal.role ?? '' },
			action: { type: 'Action', id: action },
			resource: { type: 'Collection', id: collection },
			context: { fields: [...fields] },
			preparsedPolicySetId: name,
			entities: [],
		});
		if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
		return answer.response.decision === 'allow';
	};
}
