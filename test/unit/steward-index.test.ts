import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPolicyIndex, decideWrite, type WritePolicy, type WriteRequest } from '../../src/core/decide-write.ts';
import type { StewardPolicy } from '../../src/core/steward-index.ts';

const RULE: StewardPolicy = {
	name: 'price-editors',
	roles: ['editor'],
	policies: ['pricing'],
	users: ['ann'],
	actions: ['update'],
	fields: ['price'],
};

const policyOf = (...stewards: StewardPolicy[]): WritePolicy => ({
	governed: [
		{ collection: 'prices', class: 'governed', stewards },
		{ collection: 'laws', class: 'governed' },
	],
	agents: { roles: ['bot'], users: ['robot'], surfaces: ['mcp', 'ai'] },
	write_allowlist: [],
});

const EDITOR: WriteRequest['principal'] = { kind: 'user', user: 'u', role: 'editor', surface: 'rest' };
const UPDATE: WriteRequest = { collection: 'prices', action: 'update', fields: ['price'], principal: EDITOR };

const decide = (change: Partial<WriteRequest> = {}, policy = policyOf(RULE)) =>
	decideWrite(buildPolicyIndex(policy), { ...UPDATE, ...change });

describe('who is a steward', () => {
	const GOOD: Record<string, Partial<WriteRequest['principal']>> = {
		'by role': {},
		'by a parent role': { role: 'junior', roles: ['junior', 'editor'] },
		'by user': { user: 'ann', role: null },
		'by a policy of Directus': { role: null, policies: ['other', 'pricing'] },
		'an admin whom a rule names': { kind: 'admin' },
	};
	for (const [name, change] of Object.entries(GOOD)) {
		test(name, () => {
			expect(decide({ principal: { ...EDITOR, ...change } })).toEqual({
				kind: 'allowed',
				rule: 'steward:prices/price-editors',
				stewards: ['price-editors'],
			});
		});
	}

	const BAD: Record<string, Partial<WriteRequest['principal']>> = {
		'an admin whom no rule names': { kind: 'admin', role: 'boss' },
		'somebody else': { role: 'reader', policies: ['other'], roles: ['reader'] },
		'an agent with the role': { kind: 'agent' },
		'an agent by user with the role': { user: 'robot' },
		'an agent by role, a steward by user': { user: 'ann', role: 'bot' },
		'an agent by a parent role': { roles: ['editor', 'bot'] },
		'a steward over MCP': { surface: 'mcp' },
		'a steward through the assistant': { surface: 'ai' },
		'the public': { kind: 'public', user: null },
		'a share of a steward: no user': { user: null },
		'a flow with all rights': { kind: 'admin', user: null, role: null, surface: 'flow' },
		'a system path': { kind: 'system', user: 'ann' },
		'a user named like a role': { user: 'editor', role: null },
	};
	for (const [name, change] of Object.entries(BAD)) {
		test(`not ${name}`, () => {
			expect(decide({ principal: { ...EDITOR, ...change } })).toEqual({
				kind: 'refused',
				code: 'GOVERNED_WRITE_DENIED',
				reason: 'NOT_IN_WRITE_ALLOWLIST',
				rule: 'governed:prices',
			});
		});
	}
});

describe('what a steward may do', () => {
	test('another field is told apart, and so is another action', () => {
		expect(decide({ fields: ['price', 'name'] })).toMatchObject({ reason: 'FIELD_NOT_STEWARDED' });
		expect(decide({ action: 'delete' })).toMatchObject({ reason: 'ACTION_NOT_STEWARDED', rule: 'governed:prices' });
		expect(decide({ collection: 'laws' })).toMatchObject({ reason: 'NOT_IN_WRITE_ALLOWLIST' });
	});

	test('names of JavaScript are fields like others', () => {
		for (const field of ['__proto__', 'constructor']) {
			expect(decide({ fields: [field] })).toMatchObject({ reason: 'FIELD_NOT_STEWARDED' });
		}
	});

	test('rules of several marks add up, and only those of this action', () => {
		const policy = policyOf(
			RULE,
			{ ...RULE, name: 'namers', roles: [], policies: [], users: ['u'], fields: ['name'] },
			{ ...RULE, name: 'makers', actions: ['create'], fields: '*' },
		);
		expect(decide({ fields: ['price', 'name'] }, policy)).toMatchObject({ stewards: ['namers', 'price-editors'] });
		expect(decide({ action: 'create', fields: ['id', 'x'] }, policy)).toMatchObject({ stewards: ['makers'] });
	});

	test('who does not know its actions yet passes as any steward, and with no permit', () => {
		expect(decide({ action: 'create', manyActions: true })).toMatchObject({ kind: 'allowed', stewards: [] });
		expect(decide({ manyActions: true, principal: { ...EDITOR, role: 'reader' } })).toMatchObject({ kind: 'refused' });
	});

	test('a field is allowed exactly when a rule with one of the asker’s marks names it', () => {
		const mark = fc.constantFrom('a', 'b', 'c', '__proto__');
		const rule = fc.record({
			name: fc.constantFrom('one', 'two'),
			roles: fc.subarray(['a', 'b']),
			policies: fc.subarray(['b', 'c']),
			users: fc.subarray(['a', '__proto__']),
			actions: fc.subarray(['create' as const, 'update' as const, 'delete' as const], { minLength: 1 }),
			fields: fc.oneof(fc.constant('*' as const), fc.subarray(['f', 'g', '__proto__'], { minLength: 1 })),
		});
		fc.assert(
			fc.property(
				fc.array(rule, { maxLength: 4 }),
				fc.record({ user: mark, role: fc.option(mark), policies: fc.uniqueArray(mark) }),
				fc.constantFrom('create' as const, 'update' as const),
				fc.uniqueArray(fc.constantFrom('f', 'g', '__proto__')),
				(rules, who, action, fields) => {
					const held = rules.filter(
						({ roles, policies, users, actions }) =>
							actions.includes(action) &&
							((who.role !== null && (roles as string[]).includes(who.role)) ||
								policies.some((policy) => (who.policies as string[]).includes(policy)) ||
								(users as string[]).includes(who.user)),
					);
					const expected =
						held.length > 0 &&
						fields.every((field) => held.some((each) => each.fields === '*' || each.fields.includes(field)));
					const principal = { kind: 'user' as const, surface: 'rest' as const, ...who };
					const policy = { ...policyOf(...rules), agents: { roles: [], users: [], surfaces: [] } };
					expect(decide({ action, fields, principal }, policy).kind).toBe(expected ? 'allowed' : 'refused');
				},
			),
		);
	});
});
