import { describe, expect, test } from 'vitest';
import type { GenerationMark } from '../../src/contracts/generation-mark.ts';
import type { PolicyDocument } from '../../src/contracts/policy.ts';
import { createPolicyKeeper, type PolicyKeeper } from '../../src/service/guard/policy-keeper.ts';
import type { PolicyReading, PolicySource } from '../../src/service/ports/policy-source.ts';
import type { PolicyVerifier } from '../../src/service/ports/policy-verifier.ts';

const INSTANCE = '00000000-0000-4000-8000-000000000000';
const policy = (generation: number) => ({ generation, instance: { id: INSTANCE } }) as PolicyDocument;
const row = (generation: number, jws = `signed:${generation}`): PolicyReading => ({
	kind: 'row',
	row: { generation, jws },
});

/** A verifier that trusts what begins with `signed:` and takes the generation from it. */
const verifier: PolicyVerifier = {
	readMark: async (jws) => (jws.startsWith('mark:') ? (JSON.parse(jws.slice('mark:'.length)) as GenerationMark) : null),
	verify: async (jws) =>
		jws.startsWith('signed:')
			? { kind: 'verified', policy: policy(Number(jws.slice('signed:'.length))) }
			: { kind: 'refused', reason: 'POLICY_SIGNATURE_INVALID', detail: 'not signed' },
};

interface Scene {
	keeper: PolicyKeeper;
	show(reading: PolicyReading | Error): Promise<void>;
}

async function scene(first: PolicyReading | Error, marks: string[] = []): Promise<Scene> {
	let reading = first;
	const source: PolicySource = {
		async read() {
			if (reading instanceof Error) throw reading;
			return reading;
		},
		marksAbove: async () => marks,
		watch: () => () => undefined,
	};

	const keeper = createPolicyKeeper(source, verifier);
	await keeper.ready();

	return {
		keeper,
		async show(next) {
			reading = next;
			await keeper.refresh();
		},
	};
}

describe('the policy of this process', () => {
	test('takes the signed row, and each newer one', async () => {
		const { keeper, show } = await scene(row(1));
		expect(keeper.state()).toEqual({ kind: 'active', policy: policy(1) });
		await show(row(2));
		expect(keeper.state()).toEqual({ kind: 'active', policy: policy(2) });
		keeper.close();
	});

	const doubts: [string, PolicyReading, string][] = [
		['an older generation', row(1), 'POLICY_GENERATION_WENT_BACK'],
		['another policy of the same generation', row(2, 'signed:2 '), 'POLICY_GENERATION_WENT_BACK'],
		['a bad signature', row(3, 'forged'), 'POLICY_SIGNATURE_INVALID'],
		['a row that names another generation than what was signed', row(9, 'signed:3'), 'POLICY_INVALID'],
		['no row', { kind: 'missing' }, 'POLICY_MISSING'],
		['no schema any more', { kind: 'uninstalled' }, 'POLICY_MISSING'],
		['a row it may not read', { kind: 'unreadable', sqlstate: '42501' }, 'POLICY_UNREADABLE'],
	];

	for (const [name, reading, reason] of doubts) {
		test(`holds on ${name}, still knows what was governed, and recovers`, async () => {
			const { keeper, show } = await scene(row(2));
			await show(reading);
			expect(keeper.state()).toMatchObject({ kind: 'hold', reason, policy: policy(2) });
			await show(row(2));
			expect(keeper.state()).toEqual({ kind: 'active', policy: policy(2) });
			keeper.close();
		});
	}

	test('a database that does not answer: what was verified last still decides, but nothing becomes trusted', async () => {
		const { keeper, show } = await scene(row(2));
		await show(new Error('connection lost'));
		expect(keeper.state()).toEqual({ kind: 'active', policy: policy(2) });
		await show({ kind: 'missing' });
		await show(new Error('connection lost'));
		expect(keeper.state()).toMatchObject({ kind: 'hold' });
		keeper.close();
		const unborn = await scene(new Error('connection lost'));
		expect(unborn.keeper.state()).toMatchObject({ kind: 'hold', reason: 'POLICY_UNREADABLE' });
		unborn.keeper.close();
	});

	test('not installed, until it is', async () => {
		const { keeper, show } = await scene({ kind: 'uninstalled' });
		expect(keeper.state()).toEqual({ kind: 'uninstalled' });
		await show(row(1));
		expect(keeper.state().kind).toBe('active');
		keeper.close();
	});

	test('other reasons to hold outlive a good policy, and end on their own', async () => {
		const { keeper, show } = await scene(row(1));
		const seen: string[] = [];
		keeper.onChange((state) => seen.push(state.kind));
		keeper.hold('RESTART_REQUIRED', 'not marked');
		keeper.hold('GUARD_NOT_DEMONSTRATED', 'passed');
		await show(row(2));
		const detail = 'not marked; GUARD_NOT_DEMONSTRATED: passed';
		expect(keeper.state()).toMatchObject({ kind: 'hold', reason: 'RESTART_REQUIRED', detail, policy: policy(2) });
		keeper.hold('RESTART_REQUIRED', null);
		expect(keeper.state()).toMatchObject({ kind: 'hold', reason: 'GUARD_NOT_DEMONSTRATED' });
		keeper.hold('GUARD_NOT_DEMONSTRATED', null);
		expect(keeper.state().kind).toBe('active');
		expect(seen).toEqual(['hold', 'hold', 'hold', 'hold', 'active']);
		keeper.close();
	});
});

describe('what has to be seen before a policy counts', () => {
	test('the first policy waits for its inspection, a later one counts at once', async () => {
		const waiting: { release(): void; generation: number }[] = [];
		let reading = row(1);
		const keeper = createPolicyKeeper(
			{ read: async () => reading, marksAbove: async () => [], watch: () => () => undefined },
			verifier,
			(subject) => {
				return new Promise((resolve) => {
					waiting.push({ release: resolve, generation: subject.generation });
				});
			},
		);
		const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
		await turn();
		expect(keeper.state()).toMatchObject({ kind: 'hold', reason: 'POLICY_LOADING' });
		waiting.shift()?.release();
		await keeper.ready();
		expect(keeper.state()).toMatchObject({ kind: 'active', policy: { generation: 1 } });
		reading = row(2);
		const refreshed = keeper.refresh();
		await turn();
		expect(keeper.state()).toMatchObject({ kind: 'active', policy: { generation: 2 } });
		waiting.shift()?.release();
		await refreshed;
		keeper.close();
	});

	test('a hold told during the first inspection is the first state there is', async () => {
		const keeper = createPolicyKeeper(
			{ read: async () => row(1), marksAbove: async () => [], watch: () => () => undefined },
			verifier,
			async () => {
				keeper.hold('DATABASE_GUARD_NOT_DEMONSTRATED', 'database.insert: not refused');
			},
		);
		const states: string[] = [];
		keeper.onChange((state) => states.push(state.kind === 'hold' ? state.reason : state.kind));
		await keeper.ready();
		expect(states).toEqual(['DATABASE_GUARD_NOT_DEMONSTRATED']);
		keeper.close();
	});
});

describe('a generation that an apply left its mark of', () => {
	const mark = (generation: number, instance = INSTANCE) =>
		`mark:${JSON.stringify({ mark: 'generation', generation, instance })}`;

	test.each([
		['a later one of this instance', [mark(3)], 'hold'],
		['one among forged ones', ['forged', mark(9, 'other'), mark(3)], 'hold'],
		['a later one of another instance', [mark(9, 'other')], 'active'],
		['one nobody signed', ['forged'], 'active'],
	])('%s', async (_name, marks, kind) => {
		const { keeper } = await scene(row(2), marks);
		expect(keeper.state().kind).toBe(kind);
		if (kind === 'hold') expect(keeper.state()).toMatchObject({ reason: 'POLICY_GENERATION_WENT_BACK' });
		keeper.close();
	});

	test('marks that cannot be read hold', async () => {
		const marksAbove = () => Promise.reject(new Error('lost'));
		const keeper = createPolicyKeeper({ read: async () => row(1), marksAbove, watch: () => () => undefined }, verifier);
		await keeper.ready();
		expect(keeper.state()).toMatchObject({ kind: 'hold', reason: 'POLICY_UNREADABLE' });
		keeper.close();
	});
});
