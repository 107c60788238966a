import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/contracts/explain.ts';
import type { PolicyDocument } from '../../src/contracts/policy.ts';
import { knownIndex } from '../../src/core/decide-question.ts';
import type { PrincipalFacts, WritePrincipal } from '../../src/core/principal.ts';
import { createExplain, type ExplainAnswer } from '../../src/service/explain/create-explain.ts';
import type { FoundPrincipal } from '../../src/service/explain/ports.ts';
import type { RuntimeState } from '../../src/service/guard/runtime.ts';
import { createWriteGuard, type WriteGuard, writePostureOf } from '../../src/service/guard/write-guard.ts';
import { createReadGuard } from '../../src/service/posture/read-access.ts';
import { CALLER, CONTRACT, policyFor } from './support/dispatch-world.ts';

const COLLECTIONS = ['a', 'b', 'notes', 'constructor', '__proto__', 'directus_users'];
const FIELDS = ['title', 'body', 'constructor', '__proto__', 'id'];
const POLICIES = ['p1', 'p2'];
const IDS = ['u1', 'u2', 'r1', 'r2'];
const ADMIN = { user: 'boss', role: 'bosses', roles: ['bosses'], admin: true };
const evidence = { append: async () => ({ id: 'e' }) };

const collection = fc.constantFrom(...COLLECTIONS);
const field = fc.constantFrom(...FIELDS);
const id = fc.constantFrom(...IDS);
const action = fc.constantFrom('create' as const, 'update' as const, 'delete' as const);
const someRules = fc.array(
	fc.record(
		{
			collection,
			actions: fc.array(action, { minLength: 1, maxLength: 3 }),
			fields: fc.array(field, { minLength: 1, maxLength: 3 }),
		},
		{ requiredKeys: ['collection', 'actions'] },
	),
	{ maxLength: 6 },
);
const steward = fc.record({
	name: fc.constantFrom('one', 'two'),
	roles: fc.subarray(IDS),
	policies: fc.subarray(POLICIES),
	users: fc.subarray(IDS),
	actions: fc.array(action, { minLength: 1, maxLength: 3 }),
	fields: fc.oneof(fc.constant('*' as const), fc.array(field, { minLength: 1, maxLength: 3 })),
});
const policy: fc.Arbitrary<PolicyDocument> = fc
	.record({
		governed: fc.array(
			fc.record({ collection, class: fc.constant('governed' as const), stewards: fc.array(steward, { maxLength: 2 }) }),
			{ maxLength: 4 },
		),
		agents: fc.record({
			roles: fc.array(id, { maxLength: 2 }),
			users: fc.array(id, { maxLength: 2 }),
			surfaces: fc.subarray(['mcp', 'ai'] as const),
		}),
		write_allowlist: someRules,
	})
	.map((changes) => ({ ...policyFor(CONTRACT), ...changes }));
const state: fc.Arbitrary<RuntimeState> = fc.oneof(
	policy.map((document) => ({ kind: 'active' as const, policy: document })),
	policy.map((document) => ({
		kind: 'hold' as const,
		reason: 'POLICY_INVALID' as const,
		detail: 'x',
		policy: document,
	})),
	fc.constantFrom<RuntimeState>(
		{ kind: 'uninstalled' },
		{ kind: 'hold', reason: 'POLICY_MISSING', detail: 'never read' },
	),
);
const surface = fc.constantFrom(
	'rest' as const,
	'graphql' as const,
	'ws' as const,
	'mcp' as const,
	'ai' as const,
	'flow' as const,
);
type Actor = PrincipalFacts & { policies: string[] };
const facts: fc.Arbitrary<Actor | null> = fc.option(
	fc.record({
		user: fc.option(id),
		role: fc.option(id),
		roles: fc.array(id, { maxLength: 2 }),
		admin: fc.boolean(),
		policies: fc.subarray(POLICIES),
		surface,
	}),
	{ freq: 6 },
);
const about = fc.record({
	kind: fc.constant('structure' as const),
	collections: fc.array(collection, { minLength: 1, maxLength: 3 }),
});
const question = fc.oneof(
	fc.record(
		{ collection, action, fields: fc.array(field, { maxLength: 4 }) },
		{ requiredKeys: ['collection', 'action'] },
	),
	fc.record({
		collection: fc.constantFrom('directus_collections', 'directus_fields', 'directus_relations'),
		action,
		about,
	}),
	fc.record({
		collection: fc.constant('directus_extensions'),
		action,
		about: fc.constant({ kind: 'bundle' as const }),
	}),
);

const runtimeOf = (now: RuntimeState) => ({
	state: () => now,
	ready: () => Promise.resolve(),
	onPolicy: () => () => {},
	evidence,
});
const NOBODY_KNOWN: FoundPrincipal = { role: null, roles: [], policies: [], admin: false };

function explainIn(now: RuntimeState, find: () => FoundPrincipal | null = () => NOBODY_KNOWN) {
	const runtime = runtimeOf(now);
	const explain = createExplain({
		runtime,
		guard: createReadGuard(runtime, () => 1),
		directory: { find: async () => find() },
	});
	return (body: unknown, caller: typeof CALLER | null = ADMIN, by: 'rest' | 'mcp' = 'rest') =>
		explain({ caller, address: 'x', surface: by, body });
}

function explanationOf(answer: ExplainAnswer): Explanation {
	if (answer.kind === 'ok') return answer.explanation;
	throw new Error(JSON.stringify(answer));
}

/** An actor is told in full, so that nothing is looked up. */
/** As the guard sees a request of this actor. */
function principalFor(guard: WriteGuard, who: Actor | null): WritePrincipal {
	const { policies, ...known } = who ?? { policies: [] };
	const seen = who && { ...who, ...known, role: who.role ?? who.roles[0] ?? null };
	return { ...guard.principalOf(seen), policies };
}

function actorOf(who: Actor | null): Record<string, unknown> {
	return who === null ? { surface: 'system' } : { ...who };
}

describe('explain', () => {
	test('says what the guard then does, for any policy, state, actor and question', async () => {
		await fc.assert(
			fc.asyncProperty(state, facts, question, async (now, who, asked) => {
				const guard = createWriteGuard(runtimeOf(now), () => 'now');
				const principal = principalFor(guard, who);
				const decision = guard.decide(asked, principal);
				const told = explanationOf(await explainIn(now)({ ...asked, actor: actorOf(who) }));

				expect(told.verdict).toBe(decision.kind);
				expect(told.rule).toBe(decision.rule);
				expect(told.asked.actor).toEqual({ roles: [], ...principal });
				expect({ code: told.code, reason: told.reason }).toEqual(
					decision.kind === 'refused' ? { code: decision.code, reason: decision.reason } : { code: null, reason: null },
				);
				expect(told.next === null).toBe(decision.kind === 'allowed');
				expect(told.why).not.toBe('');
			}),
			{ numRuns: 2_000 },
		);
	});

	test('names the fields that make the difference, and those that may be written', async () => {
		await fc.assert(
			fc.asyncProperty(
				state,
				facts,
				collection,
				action,
				fc.array(field, { maxLength: 4 }),
				async (now, who, name, wanted, fields) => {
					const guard = createWriteGuard(runtimeOf(now), () => 'now');
					const ask = { collection: name, action: wanted };
					const told = explanationOf(await explainIn(now)({ ...ask, fields, actor: actorOf(who) }));
					const allows = (names: string[]) =>
						guard.decide({ ...ask, fields: names }, principalFor(guard, who)).kind === 'allowed';

					const kept = fields.filter((each) => !told.refused_fields.includes(each));
					if (told.refused_fields.length > 0) expect(allows(kept)).toBe(true);
					else if (told.verdict === 'refused') expect(allows([])).toBe(false);
					if (wanted === 'delete' || told.writable_fields === null) return;
					const writable = FIELDS.filter((each) => allows([each]));
					if (told.writable_fields === '*') expect(writable).toEqual(FIELDS);
					else expect(told.writable_fields).toEqual([...writable].sort());
				},
			),
			{ numRuns: 1_000 },
		);
	});

	test('the database layer refuses exactly what is governed', async () => {
		await fc.assert(
			fc.asyncProperty(state, question, async (now, asked) => {
				const told = explanationOf(await explainIn(now)({ ...asked, actor: { user: null } }));
				const index = knownIndex(writePostureOf(now));
				const subjects = 'about' in asked && 'collections' in asked.about ? asked.about.collections : [];
				const governed = [asked.collection, ...subjects].some((name) => index?.governed.has(name));
				const bundle = 'about' in asked && asked.about.kind === 'bundle';
				if (now.kind === 'uninstalled') expect(told.layers.database.answer).toBe('does_not_look');
				else if (index === null) expect(told.layers.database.answer).toBe('not_known');
				else expect(told.layers.database.answer).toBe(governed || bundle ? 'refuses' : 'does_not_look');
			}),
		);
	});
});

const LAWFUL: Extract<RuntimeState, { kind: 'active' }> = {
	kind: 'active',
	policy: {
		...policyFor(CONTRACT),
		governed: [{ collection: 'vocab', class: 'governed', stewards: [] }],
		agents: { roles: ['robots'], users: [], surfaces: ['mcp'] },
		lanes: { C1: { tool: 'DOT_KG_EXPLAIN', builds: 'vocab' }, C2: { tool: 'DOT_NOT_REGISTERED', builds: 'vocab' } },
	},
};
const ASK = { collection: 'notes', action: 'update', fields: ['title'] };

describe('a steward', () => {
	const stewards = [
		{
			name: 'editors',
			roles: ['juniors'],
			policies: ['p'],
			users: [],
			actions: ['update' as const],
			fields: ['title'],
		},
	];
	const STEWARDED: RuntimeState = {
		kind: 'active',
		policy: { ...LAWFUL.policy, governed: [{ collection: 'vocab', class: 'governed', stewards }] },
	};
	const found = { role: 'none', roles: ['none'], policies: ['p'], admin: false };

	test('is known by a policy of Directus that was looked up, for the caller too', async () => {
		const ask = explainIn(STEWARDED, () => found);
		const question = { collection: 'vocab', action: 'update', fields: ['title', 'note'] };
		for (const [caller, actor] of [
			[CALLER, undefined],
			[ADMIN, { user: 'u9' }],
		] as const) {
			const told = explanationOf(await ask({ ...question, ...(actor && { actor }) }, caller));
			expect(told).toMatchObject({
				verdict: 'refused',
				reason: 'FIELD_NOT_STEWARDED',
				refused_fields: ['note'],
				writable_fields: ['title'],
			});
		}
	});

	test('writes with a permit, which the database looks at', async () => {
		const told = explanationOf(
			await explainIn(STEWARDED, () => found)({ collection: 'vocab', action: 'update', fields: ['title'] }, CALLER),
		);
		expect(told).toMatchObject({ verdict: 'allowed', rule: 'steward:vocab/editors' });
		expect(told.layers.database).toMatchObject({ answer: 'lets_through', why: expect.stringContaining('permit') });
	});
});

describe('who is asked about', () => {
	test('by default the caller, as the surface of the question has it', async () => {
		const ask = explainIn(LAWFUL);
		const rest = explanationOf(await ask(ASK, CALLER));
		expect(rest.asked.actor).toEqual({
			kind: 'user',
			user: CALLER.user,
			role: CALLER.role,
			roles: CALLER.roles,
			policies: [],
			surface: 'rest',
		});
		expect(explanationOf(await ask(ASK, CALLER, 'mcp'))).toMatchObject({
			verdict: 'refused',
			asked: { actor: { kind: 'agent', surface: 'mcp' } },
		});
	});

	test('somebody looked up is what Directus says, an inherited agent role included', async () => {
		const ask = explainIn(LAWFUL, () => ({
			role: 'juniors',
			roles: ['juniors', 'robots'],
			policies: ['p'],
			admin: true,
		}));
		expect(explanationOf(await ask({ ...ASK, actor: { user: 'u9' } })).asked.actor).toEqual({
			kind: 'agent',
			user: 'u9',
			role: 'juniors',
			roles: ['juniors', 'robots'],
			policies: ['p'],
			surface: 'rest',
		});
		expect(explanationOf(await ask({ ...ASK, actor: { user: 'u9', roles: [] } })).asked.actor.kind).toBe('admin');
	});

	test('nobody of that id is a fault, not an answer about a stranger', async () => {
		expect(await explainIn(LAWFUL, () => null)({ ...ASK, actor: { user: 'u9', role: 'r' } })).toEqual({
			kind: 'faulty',
			faults: ['actor.user or actor.role: Directus knows nobody of this id'],
		});
	});

	test.each([
		['nothing', undefined, 'ok'],
		['itself', { user: CALLER.user }, 'ok'],
		['itself over another surface', { surface: 'graphql' }, 'ok'],
		['somebody else', { user: 'u9' }, 'refused'],
		['somebody not signed in', { user: null }, 'refused'],
		['itself as an admin', { user: CALLER.user, admin: true }, 'refused'],
		['its own role', { role: CALLER.role }, 'refused'],
		['roles', { roles: [] }, 'refused'],
		['a system path', { surface: 'system' }, 'refused'],
	])('a person without rights asks about %s: %s', async (_what, actor, kind) => {
		const answer = await explainIn(LAWFUL)({ ...ASK, ...(actor && { actor }) }, CALLER);
		expect(answer.kind).toBe(kind);
		if (answer.kind === 'refused') expect(answer.refusal).toMatchObject({ code: 'FORBIDDEN', evidence: { id: 'e' } });
	});

	test('who may not see posture, and who is not signed in, learns nothing', async () => {
		const closed: RuntimeState = {
			kind: 'active',
			policy: { ...policyFor(CONTRACT), visibility: { posture: 'admin', evidence: 'admin' } },
		};
		expect(await explainIn(closed)({ nonsense: true }, CALLER)).toMatchObject({ refusal: { code: 'FORBIDDEN' } });
		expect(await explainIn(LAWFUL)({ nonsense: true }, null)).toMatchObject({ refusal: { code: 'UNAUTHENTICATED' } });
		expect((await explainIn(closed)(ASK, ADMIN)).kind).toBe('ok');
	});
});

describe('a question', () => {
	const faultsOf = async (body: unknown) => {
		const answer = await explainIn(LAWFUL)(body);
		return answer.kind === 'faulty' ? answer.faults.map((fault) => fault.split(':')[0]).sort() : answer.kind;
	};

	test('with several faults is told them all at once', async () => {
		const body = JSON.parse(
			'{"collection":"directus_fields","action":"upsert","fields":"title","actor":{"admin":"yes","policy":"x"},"force":true,"__proto__":{}}',
		);
		expect(await faultsOf(body)).toEqual([
			'__proto__',
			'about',
			'action',
			'actor.admin',
			'actor.policy',
			'fields',
			'force',
		]);
	});

	test.each([
		['no body', undefined, ['body']],
		['a list', [], ['body']],
		['an empty one', {}, ['action', 'collection']],
		['a nameless collection', { collection: '', action: 'create' }, ['collection']],
		['half a surrogate pair', { collection: '\ud800', action: 'create' }, ['collection']],
		['too many fields', { ...ASK, fields: Array(201).fill('x') }, ['fields']],
		['a bundle that is content', { ...ASK, about: { kind: 'bundle' } }, ['about']],
		['structure without what it is about', { collection: 'directus_relations', action: 'delete' }, ['about']],
		['a flow without its operations', { collection: 'directus_flows', action: 'create' }, ['about']],
		['audit entries about nothing', { collection: 'directus_activity', action: 'delete' }, ['about']],
		[
			'a flow that is structure',
			{ collection: 'directus_flows', action: 'create', about: { kind: 'bundle' } },
			['about'],
		],
		[
			'a collection named constructor with about',
			{ collection: 'constructor', action: 'create', about: { kind: 'bundle' } },
			['about'],
		],
		['a named system path', { ...ASK, actor: { surface: 'system', user: 'u' } }, ['actor.user']],
	])('%s is at fault', async (_what, body, expected) => {
		expect(await faultsOf(body)).toEqual(expected);
	});

	test('about a flow is judged by its shape, about the audit trail by what it tells of', async () => {
		const enforced: RuntimeState = {
			kind: 'active',
			policy: { ...LAWFUL.policy, flows: { mode: 'enforce', helpers: ['log'] } },
		};
		const flow = (type: string) => ({ kind: 'flow', trigger: 'webhook', operations: [{ key: 'a', type }] });
		const told = async (body: object) => explanationOf(await explainIn(enforced)(body));
		const saved = { collection: 'directus_flows', action: 'create' };
		expect(await told({ ...saved, about: flow('log') })).toMatchObject({ verdict: 'allowed' });
		expect(await told({ ...saved, about: flow('item-update') })).toMatchObject({
			code: 'FLOW_NOT_ALLOWED',
			reason: 'FLOW_SHAPE_NOT_ALLOWED',
			why: expect.stringContaining('item-update'),
		});
		expect(await told({ collection: 'directus_flows', action: 'delete' })).toMatchObject({ verdict: 'allowed' });
		const trail = { collection: 'directus_revisions', action: 'delete' };
		expect(await told({ ...trail, about: { kind: 'audit', collections: ['vocab'] } })).toMatchObject({
			reason: 'AUDIT_TRAIL_LOCKED',
			layers: { database: { answer: 'refuses' } },
		});
		expect(await told({ ...trail, about: { kind: 'audit', collections: ['notes'] } })).toMatchObject({
			verdict: 'allowed',
		});
	});

	test('about a governed collection is answered with the tools that build it', async () => {
		const told = explanationOf(await explainIn(LAWFUL)({ collection: 'vocab', action: 'create' }));
		expect(told).toMatchObject({
			verdict: 'refused',
			layer: 'process',
			reason: 'NOT_IN_WRITE_ALLOWLIST',
			rule: 'governed:vocab',
			tools: ['DOT_KG_EXPLAIN'],
			writable_fields: null,
		});
		expect(told.next).toContain('POST /governance/dispatch');
	});
});
