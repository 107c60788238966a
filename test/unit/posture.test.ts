import { describe, expect, test } from 'vitest';
import type { EvidenceEntry } from '../../src/contracts/evidence.ts';
import type { PostureControl } from '../../src/contracts/posture.ts';
import type { DispatchCaller } from '../../src/service/dispatch/caller.ts';
import type { ProbeResult, RuntimeState } from '../../src/service/guard/runtime.ts';
import type { DatabasePosture } from '../../src/service/posture/ports.ts';
import { createReadGuard } from '../../src/service/posture/read-access.ts';
import { readPosture } from '../../src/service/posture/read-posture.ts';
import { CALLER, CONTRACT, policyFor } from './support/dispatch-world.ts';

const POLICY = policyFor(CONTRACT);
const AT = '2026-01-01T00:00:00.000Z';
const SEPARATED = {
	superusers: [],
	powers: [],
	ownsDatabase: false,
	ownsSchemaPublic: false,
	ownedGovernedObjects: [],
	maySetReplicationRole: false,
};
const LAWFUL: DatabasePosture = { generation: 1, gates: POLICY.gates, strength: SEPARATED, flows: [] };
const active: RuntimeState = { kind: 'active', policy: POLICY };

const posture = (
	state: RuntimeState,
	database: DatabasePosture | null = LAWFUL,
	probes: ProbeResult[] = [],
	controls: PostureControl[] = [],
	probeNow = false,
) =>
	readPosture(
		{
			state: () => state,
			ready: () => Promise.resolve(),
			probes: () => probes,
			databaseControls: () => controls,
			testDatabase: async () => {
				controls = [{ id: 'database.insert', state: 'demonstrated', detail: 'just tried', at: AT }];
			},
		},
		{ read: () => (database === null ? Promise.reject(new Error('lost')) : Promise.resolve(database)) },
		probeNow,
	);
const codes = async (...args: Parameters<typeof posture>) => (await posture(...args)).alarms.map(({ code }) => code);

describe('posture', () => {
	test('without fault raises no alarm, and calls no untested surface safe', async () => {
		const { alarms, controls, strength } = await posture(active);
		expect(alarms).toEqual([]);
		expect(strength.level).toBe('separated');
		expect(controls.length).toBeGreaterThan(0);
		expect(new Set(controls.map(({ state }) => state))).toEqual(new Set(['not_demonstrated']));
	});

	test('names active flows of a shape that is not allowed', async () => {
		const operation = { id: 'o', key: 'send', type: 'request', options: null, resolve: null, reject: null };
		const flow = {
			id: 'f1',
			status: 'active',
			trigger: 'webhook',
			accountability: 'all',
			options: null,
			operation: 'o',
		};
		const { alarms } = await posture(active, { ...LAWFUL, flows: [{ ...flow, operations: [operation] }] });
		expect(alarms).toEqual([
			{ code: 'FLOW_NOT_ALLOWED', detail: expect.stringMatching(/^flow f1: operation send \(request\)/) },
		]);
		expect(await codes(active, { ...LAWFUL, flows: [{ ...flow, operations: [] }] })).toEqual([]);
	});

	test('reports what probes saw', async () => {
		const probes: ProbeResult[] = [
			{ id: 'rest', result: 'refused', detail: 'x', at: AT },
			{ id: 'mcp.create', result: 'passed_through', detail: 'y', at: AT },
		];
		const { controls, alarms } = await posture(active, LAWFUL, probes);
		const states = Object.fromEntries(controls.map(({ id, state }) => [id, state]));
		expect(states).toMatchObject({ rest: 'demonstrated', 'mcp.create': 'failed', graphql: 'not_demonstrated' });
		expect(states.mcp).toBeUndefined();
		expect(alarms).toEqual([{ code: 'GUARD_FAILED', detail: 'mcp.create: y' }]);
	});

	test('tells what the last self-test of the database saw, or tries anew when asked', async () => {
		const failed: PostureControl = {
			id: 'database.structure',
			state: 'failed',
			detail: 'trigger x is missing',
			at: AT,
		};
		expect((await posture(active, LAWFUL, [], [failed])).alarms).toEqual([
			{ code: 'GUARD_FAILED', detail: 'database.structure: trigger x is missing' },
		]);
		const { controls } = await posture(active, LAWFUL, [], [failed], true);
		expect(controls[0]).toMatchObject({ id: 'database.insert', state: 'demonstrated' });
	});

	test.each([
		['a hold', { kind: 'hold', reason: 'POLICY_INVALID', detail: 'x', policy: POLICY } as const, LAWFUL, ['HOLD']],
		['no installation', { kind: 'uninstalled' } as const, LAWFUL, ['HOLD']],
		['gates that differ', active, { ...LAWFUL, gates: { ...POLICY.gates, execute_enabled: true } }, ['GATES_DIFFER']],
		['gates that are gone', active, { ...LAWFUL, gates: null }, ['GATES_DIFFER']],
		['another generation', active, { ...LAWFUL, generation: 2 }, ['GENERATION_DIFFERS']],
		['a superuser', active, { ...LAWFUL, strength: { ...SEPARATED, superusers: ['directus'] } }, ['NOT_SEPARATED']],
		['a database that is gone', active, null, ['DATABASE_UNREADABLE']],
	])('raises an alarm for %s', async (_what, state, database, expected) => {
		expect(await codes(state, database)).toEqual(expected);
	});

	test('claims no strength it could not read', async () => {
		expect((await posture(active, null)).strength.level).toBe('not_demonstrated');
		expect((await posture({ kind: 'uninstalled' })).strength.level).toBe('not_demonstrated');
	});
});

describe('who may read', () => {
	const admin: DispatchCaller = { ...CALLER, admin: true };
	const log: EvidenceEntry[] = [];
	const guard = (state: RuntimeState) =>
		createReadGuard(
			{
				state: () => state,
				evidence: {
					append: async (entry) => {
						log.push(entry);
						return { id: 'e' };
					},
				},
			},
			() => 1,
		);

	test.each([
		['nobody', null, 'posture', active, 'UNAUTHENTICATED'],
		['a user', CALLER, 'posture', active, 'allowed'],
		['a user', CALLER, 'evidence', active, 'FORBIDDEN'],
		['an admin', admin, 'evidence', active, 'allowed'],
		['a user without policy', CALLER, 'posture', { kind: 'uninstalled' } as const, 'FORBIDDEN'],
		['an admin without policy', admin, 'posture', { kind: 'uninstalled' } as const, 'allowed'],
		['a user asking for health', CALLER, null, { kind: 'uninstalled' } as const, 'allowed'],
	] as const)('%s asking for %s', async (_who, caller, area, state, expected) => {
		const seen = log.length;
		const access = await guard(state)({ caller, address: 'x', area });
		expect(access.kind === 'allowed' ? 'allowed' : access.code).toBe(expected);
		expect(log.length - seen).toBe(expected === 'allowed' ? 0 : 1);
	});
});
