import { describe, expect, test } from 'vitest';
import type { PolicyDocument } from '../../src/contracts/policy.ts';
import type { PostureControl } from '../../src/contracts/posture.ts';
import { createDatabaseWatch } from '../../src/service/guard/database-watch.ts';

const POLICY = { generation: 1 } as PolicyDocument;
const SECOND = 1_000;

/** A database whose catalogue, probes and reach a test sets, with a count of the probes that ran. */
function world() {
	const facts = { drift: [] as string[], through: [] as string[], lost: false, at: 0 };
	const seen = { hold: null as string | null, probes: 0 };
	const ask = <T>(answer: T): Promise<T> => (facts.lost ? Promise.reject(new Error('lost')) : Promise.resolve(answer));
	const watch = createDatabaseWatch({
		catalogue: { drift: () => ask([...facts.drift]) },
		selfTest: {
			run: async () => {
				seen.probes += 1;
				const state = facts.through.length > 0 ? 'failed' : 'demonstrated';
				return ask<PostureControl[]>([{ id: 'database.insert', state, detail: facts.through.join(), at: 'now' }]);
			},
		},
		hold: (detail) => {
			seen.hold = detail;
		},
		elapsed: () => facts.at,
		now: () => 'now',
	});
	return { facts, seen, watch };
}

describe('the guards of the database', () => {
	test('seen refusing: nothing holds, and the probes rest until they are due', async () => {
		const { facts, seen, watch } = world();
		await watch.inspect(POLICY);
		await watch.inspect(POLICY);
		expect(seen).toEqual({ hold: null, probes: 1 });
		facts.at = 300 * SECOND;
		await watch.inspect(POLICY);
		await watch.inspect({ ...POLICY });
		expect(seen).toEqual({ hold: null, probes: 3 });
		expect(watch.controls().map(({ id }) => id)).toEqual(['database.structure', 'database.insert']);
	});

	test('a drift holds by its name, tries the probes again, and ends with the drift', async () => {
		const { facts, seen, watch } = world();
		await watch.inspect(POLICY);
		facts.drift = ['trigger x on y is missing'];
		await watch.inspect(POLICY);
		expect(seen).toEqual({ hold: 'database.structure: trigger x on y is missing', probes: 2 });
		await watch.inspect(POLICY);
		expect(seen.probes).toBe(2);
		facts.drift = [];
		await watch.inspect(POLICY);
		expect(seen).toEqual({ hold: null, probes: 3 });
	});

	test('a write that went through holds until a later test sees it refused', async () => {
		const { facts, seen, watch } = world();
		facts.through = ['not refused on t'];
		await watch.inspect(POLICY);
		await watch.inspect(POLICY);
		expect(seen).toEqual({ hold: 'database.insert: not refused on t', probes: 2 });
		facts.through = [];
		await watch.test();
		expect(seen.hold).toBeNull();
	});

	test('never seen is not safe; seen once stands for an outage of half a minute, and no longer', async () => {
		const { facts, seen, watch } = world();
		facts.lost = true;
		await watch.inspect(POLICY);
		expect(seen.hold).toContain('database.structure: the database could not be asked');
		facts.lost = false;
		await watch.inspect(POLICY);
		expect(seen.hold).toBeNull();
		facts.lost = true;
		facts.at = 29 * SECOND;
		await watch.inspect(POLICY);
		expect(seen.hold).toBeNull();
		facts.at = 31 * SECOND;
		await watch.inspect(POLICY);
		expect(seen.hold).toContain('could not be asked');
	});

	test('probes that fail for longer than they may hold', async () => {
		const { facts, seen, watch } = world();
		await watch.inspect(POLICY);
		facts.lost = true;
		facts.at = 331 * SECOND;
		await watch.inspect(POLICY);
		expect(seen.hold).toContain('database.probes: the database could not be asked');
	});

	test('a test before any policy does nothing; two at once do not lose one', async () => {
		const { seen, watch } = world();
		await watch.test();
		expect(seen).toEqual({ hold: null, probes: 0 });
		await Promise.all([watch.inspect(POLICY), watch.test(), watch.test()]);
		expect(seen.hold).toBeNull();
		expect(seen.probes).toBeGreaterThan(0);
	});
});
