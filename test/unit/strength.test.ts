import { describe, expect, test } from 'vitest';
import { computeStrength, type StrengthFacts } from '../../src/core/strength.ts';

const SEPARATED: StrengthFacts = {
	superusers: [],
	powers: [],
	ownsDatabase: false,
	ownsSchemaPublic: false,
	ownedGovernedObjects: [],
	maySetReplicationRole: false,
};

/** Each fact alone is a weakness, and is named. */
const WEAK: [name: string, change: Partial<StrengthFacts>, told: RegExp][] = [
	['a power', { powers: ['directus: CREATEROLE'] }, /directus: CREATEROLE/],
	['the database', { ownsDatabase: true }, /owns the database/],
	['schema public', { ownsSchemaPublic: true }, /owns schema public/],
	['a governed object', { ownedGovernedObjects: ['public.dot_tools'] }, /owns public\.dot_tools/],
	['the replication role', { maySetReplicationRole: true }, /session_replication_role/],
];

describe('strength', () => {
	test('separated only when nothing speaks against it', () => {
		expect(computeStrength(SEPARATED)).toEqual({ level: 'separated', weaknesses: [] });
	});

	test.each(WEAK)('single-role: %s', (_, change, told) => {
		expect(computeStrength({ ...SEPARATED, ...change })).toEqual({
			level: 'single-role',
			weaknesses: [expect.stringMatching(told)],
		});
	});

	test.each<[string, Partial<StrengthFacts>]>([
		['alone', {}],
		...WEAK.map(([name, change]): [string, Partial<StrengthFacts>] => [`with ${name}`, change]),
	])('superuser outweighs everything else, %s', (_, change) => {
		const { level, weaknesses } = computeStrength({ ...SEPARATED, ...change, superusers: ['root'] });
		expect(level).toBe('superuser');
		expect(weaknesses[0]).toMatch(/root is superuser/);
	});

	test('names every weakness there is', () => {
		const all = Object.assign({}, SEPARATED, ...WEAK.map(([, change]) => change)) as StrengthFacts;
		expect(computeStrength(all).weaknesses).toHaveLength(WEAK.length);
	});
});
