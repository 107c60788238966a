import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	buildPolicyIndex,
	decideInPosture,
	decideStructure,
	decideWrite,
	type WritePolicy,
	type WriteRequest,
} from '../../src/core/decide-write.ts';

const NAMES = ['a', 'b', 'c', 'constructor', '__proto__', 'directus_users'];
const IDS = ['u1', 'u2', 'r1', 'r2'];
const name = fc.constantFrom(...NAMES);
const id = fc.constantFrom(...IDS);
const action = fc.constantFrom('create' as const, 'update' as const, 'delete' as const);

const policy: fc.Arbitrary<WritePolicy> = fc.record({
	governed: fc.array(fc.record({ collection: name, class: fc.constant('governed') }), { maxLength: 3 }),
	agents: fc.record({
		roles: fc.array(id, { maxLength: 2 }),
		users: fc.array(id, { maxLength: 2 }),
		surfaces: fc.subarray(['mcp', 'ai']),
	}),
	write_allowlist: fc.array(
		fc.record(
			{
				collection: name,
				actions: fc.array(action, { minLength: 1, maxLength: 3 }),
				fields: fc.array(name, { minLength: 1, maxLength: 3 }),
			},
			{ requiredKeys: ['collection', 'actions'] },
		),
		{ maxLength: 6 },
	),
});

const request: fc.Arbitrary<WriteRequest> = fc.record(
	{
		collection: name,
		action,
		fields: fc.array(name, { maxLength: 3 }),
		principal: fc.record({
			kind: fc.constantFrom('public' as const, 'user' as const, 'admin' as const, 'agent' as const, 'system' as const),
			user: fc.option(id),
			role: fc.option(id),
			surface: fc.constantFrom(
				'rest' as const,
				'graphql' as const,
				'ws' as const,
				'mcp' as const,
				'ai' as const,
				'flow' as const,
				'system' as const,
			),
		}),
	},
	{ requiredKeys: ['collection', 'action', 'principal'] },
);

/** The rule as a sentence, with no thought of speed. */
function allowedByReference(
	rules: WritePolicy,
	{ collection, action: wanted, fields, principal }: WriteRequest,
): boolean {
	if (rules.governed.some((entry) => entry.collection === collection)) return false;

	const listed =
		rules.agents.surfaces.includes(principal.surface) ||
		(principal.user !== null && rules.agents.users.includes(principal.user)) ||
		(principal.role !== null && rules.agents.roles.includes(principal.role));

	if (principal.kind === 'system' || !(principal.kind === 'agent' || listed)) return true;

	const matching = rules.write_allowlist.filter(
		(rule) => rule.collection === collection && rule.actions.includes(wanted),
	);
	if (matching.some((rule) => !rule.fields)) return true;
	if (matching.length === 0) return false;
	if (fields === undefined || wanted === 'delete') return true;
	return fields.every((field) => matching.some((rule) => rule.fields?.includes(field)));
}

describe('decideWrite', () => {
	test('agrees with the rule as a sentence, for any policy and request', () => {
		fc.assert(
			fc.property(policy, request, (rules, wanted) => {
				const decision = decideWrite(buildPolicyIndex(rules), wanted);
				expect(decision.kind === 'allowed').toBe(allowedByReference(rules, wanted));
			}),
			{ numRuns: 2_000 },
		);
	});

	test('refuses a governed collection to everyone, whatever the allowlist says', () => {
		fc.assert(
			fc.property(policy, request, (rules, wanted) => {
				const governed = { ...rules, governed: [{ collection: wanted.collection, class: 'governed' }] };
				expect(decideWrite(buildPolicyIndex(governed), wanted)).toEqual({
					kind: 'refused',
					code: 'GOVERNED_WRITE_DENIED',
					reason: 'NOT_IN_WRITE_ALLOWLIST',
					rule: `governed:${wanted.collection}`,
				});
			}),
		);
	});

	test('a rule more never makes a write refused', () => {
		fc.assert(
			fc.property(policy, request, fc.nat(5), (rules, wanted, position) => {
				const fewer = { ...rules, write_allowlist: rules.write_allowlist.filter((_rule, at) => at !== position) };
				if (decideWrite(buildPolicyIndex(fewer), wanted).kind === 'allowed') {
					expect(decideWrite(buildPolicyIndex(rules), wanted).kind).toBe('allowed');
				}
			}),
		);
	});

	test('names the rule that allowed it', () => {
		const rules: WritePolicy = {
			governed: [],
			agents: { roles: ['r1'], users: [], surfaces: [] },
			write_allowlist: [
				{ collection: 'a', actions: ['create'], fields: ['title'] },
				{ collection: 'b', actions: ['create', 'update'] },
			],
		};

		const index = buildPolicyIndex(rules);
		const agent = { kind: 'agent', user: null, role: 'r1', surface: 'rest' } as const;
		const ask = (collection: string, fields: string[]) =>
			decideWrite(index, { collection, action: 'create', fields, principal: agent });
		expect(ask('a', ['title'])).toEqual({ kind: 'allowed', rule: 'write_allowlist[0]' });
		expect(ask('b', ['any'])).toEqual({ kind: 'allowed', rule: 'write_allowlist[1]' });
		expect(ask('a', ['title', 'body'])).toMatchObject({ kind: 'refused', reason: 'FIELD_NOT_IN_WRITE_ALLOWLIST' });
		expect(ask('c', [])).toMatchObject({ kind: 'refused', rule: 'agents:default-deny' });
	});
});

describe('decideInPosture', () => {
	test('on hold: nobody with a name writes, and system paths write nothing known to be governed', () => {
		fc.assert(
			fc.property(policy, request, fc.boolean(), (rules, wanted, known) => {
				const index = known ? buildPolicyIndex(rules) : null;
				const decision = decideInPosture({ kind: 'hold', known: index }, wanted);
				const governed = known && rules.governed.some(({ collection }) => collection === wanted.collection);
				expect(decision.kind).toBe(wanted.principal.kind !== 'system' || governed ? 'refused' : 'allowed');
				if (decision.kind === 'refused') expect(decision.code).toBe('GOVERNANCE_HOLD');
			}),
		);
	});

	test('not installed: only what comes in over an agent surface is refused', () => {
		fc.assert(
			fc.property(request, (wanted) => {
				const agentSurface = wanted.principal.surface === 'mcp' || wanted.principal.surface === 'ai';
				expect(decideInPosture({ kind: 'uninstalled' }, wanted).kind).toBe(agentSurface ? 'refused' : 'allowed');
			}),
		);
	});

	test('active is what decideWrite says', () => {
		fc.assert(
			fc.property(policy, request, (rules, wanted) => {
				const index = buildPolicyIndex(rules);
				expect(decideInPosture({ kind: 'active', index }, wanted)).toEqual(decideWrite(index, wanted));
			}),
		);
	});
});

test('decideStructure: a change about a governed collection is locked in every state that knows it', () => {
	fc.assert(
		fc.property(policy, request, fc.array(name, { maxLength: 3 }), fc.boolean(), (rules, wanted, described, hold) => {
			const index = buildPolicyIndex(rules);
			const posture = hold ? ({ kind: 'hold', known: index } as const) : ({ kind: 'active', index } as const);
			const locked = described.some((collection) => rules.governed.some((entry) => entry.collection === collection));
			const decision = decideStructure(posture, wanted, described);
			if (locked) expect(decision).toMatchObject({ kind: 'refused', code: 'GOVERNED_STRUCTURE_LOCKED' });
			else expect(decision).toEqual(decideInPosture(posture, wanted));
		}),
	);
});
