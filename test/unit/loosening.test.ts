import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPolicyIndex, decideWrite } from '../../src/core/decide-write.ts';
import { looseningsOf, type Openness } from '../../src/core/loosening.ts';
import type { WritePrincipal } from '../../src/core/principal.ts';

const STRICT = {
	governed: [{ collection: 'prices', class: 'governed', stewards: [] }],
	agents: { roles: ['bots'], users: ['bot'], surfaces: ['mcp', 'ai'] },
	write_allowlist: [{ collection: 'notes', actions: ['create'], fields: ['title'] }],
	flows: { mode: 'enforce' as const, helpers: ['log'] },
	gates: { dispatch_enabled: false },
	visibility: { posture: 'admin', evidence: 'admin' },
};

const STEWARDS = {
	name: 's',
	roles: ['editors'],
	policies: [],
	users: [],
	actions: ['update' as const],
	fields: ['price'],
};

const CASES: [string, Partial<Openness>, string[]][] = [
	['nothing', {}, []],
	['a collection let go', { governed: [] }, ['governed:prices']],
	['another collection governed', { governed: [...STRICT.governed, { collection: 'laws', stewards: [] }] }, []],
	['stewards named', { governed: [{ collection: 'prices', stewards: [STEWARDS] }] }, ['stewards:prices']],
	[
		'one more field',
		{ write_allowlist: [{ collection: 'notes', actions: ['create'], fields: ['title', 'body'] }] },
		['write_allowlist:notes'],
	],
	['every field', { write_allowlist: [{ collection: 'notes', actions: ['create'] }] }, ['write_allowlist:notes']],
	[
		'one more action',
		{ write_allowlist: [{ collection: 'notes', actions: ['create', 'delete'], fields: ['title'] }] },
		['write_allowlist:notes'],
	],
	[
		'one more collection',
		{ write_allowlist: [...STRICT.write_allowlist, { collection: 'files', actions: ['create'] }] },
		['write_allowlist:files'],
	],
	['an empty allowlist', { write_allowlist: [] }, []],
	['an agent let go', { agents: { roles: [], users: ['bot'], surfaces: ['ai'] } }, ['agents:roles', 'agents:surfaces']],
	['one more agent', { agents: { roles: ['bots', 'more'], users: ['bot'], surfaces: ['mcp', 'ai'] } }, []],
	['flows reported only', { flows: { mode: 'report', helpers: [] } }, ['flows:mode']],
	['one more helper', { flows: { mode: 'enforce', helpers: ['log', 'request'] } }, ['flows:helpers']],
	['dispatch opened', { gates: { dispatch_enabled: true } }, ['gates:dispatch_enabled']],
	['evidence for everybody', { visibility: { posture: 'admin', evidence: 'authenticated' } }, ['visibility:evidence']],
	['tables given back', { strength: 'single-role' }, ['strength']],
];

describe('what gets looser', () => {
	test.each(CASES)('%s', (_name, change, names) => {
		expect(looseningsOf(STRICT, { ...STRICT, ...change }).map(({ name }) => name)).toEqual(names);
	});

	test('rules split, merged or reordered say the same', () => {
		const split = [
			{ collection: 'notes', actions: ['update'], fields: ['b'] },
			{ collection: 'notes', actions: ['update', 'create'], fields: ['a'] },
		];
		const merged = [
			{ collection: 'notes', actions: ['create'], fields: ['a'] },
			{ collection: 'notes', actions: ['update'], fields: ['a', 'b'] },
		];
		const of = (write_allowlist: Openness['write_allowlist']) => ({ ...STRICT, write_allowlist });
		expect([...looseningsOf(of(split), of(merged)), ...looseningsOf(of(merged), of(split))]).toEqual([]);
	});
});

const name = fc.constantFrom('a', 'b', 'c');
const names = fc.uniqueArray(name, { maxLength: 3 });
const actions = fc.uniqueArray(fc.constantFrom('create' as const, 'update' as const, 'delete' as const), {
	minLength: 1,
});
const rule = fc.record({
	collection: name,
	actions,
	fields: fc.option(fc.uniqueArray(name, { minLength: 1 }), { nil: undefined }),
});
const steward = fc.record({
	...{ name: fc.constant('s'), roles: names, policies: names, users: names, actions },
	fields: fc.oneof(fc.constant('*' as const), fc.uniqueArray(name, { minLength: 1 })),
});
const policy = fc.record({
	governed: fc.uniqueArray(
		fc.record({ collection: name, class: fc.constant('governed'), stewards: fc.array(steward, { maxLength: 2 }) }),
		{ selector: ({ collection }) => collection },
	),
	agents: fc.record({ roles: names, users: names, surfaces: fc.constant(['mcp', 'ai']) }),
	write_allowlist: fc.array(rule, { maxLength: 4 }),
	flows: fc.constant(STRICT.flows),
	gates: fc.constant(STRICT.gates),
	visibility: fc.constant(STRICT.visibility),
});
const principal: fc.Arbitrary<WritePrincipal> = fc.record({
	kind: fc.constantFrom('user', 'admin', 'public', 'system'),
	user: fc.option(name),
	role: fc.option(name),
	roles: names,
	policies: names,
	surface: fc.constantFrom('rest', 'mcp', 'graphql'),
});

test('no policy lets anybody write what the one before refused without a loosening', () => {
	fc.assert(
		fc.property(policy, policy, principal, name, actions, names, (before, after, who, collection, [action], fields) => {
			const request = { collection, action: action ?? 'create', fields, principal: who };
			const was = decideWrite(buildPolicyIndex(before), request).kind;
			const is = decideWrite(buildPolicyIndex(after), request).kind;
			return was === 'allowed' || is === 'refused' || looseningsOf(before, after).length > 0;
		}),
		{ numRuns: 3_000 },
	);
});
