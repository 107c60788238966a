import { describe, expect, test } from 'vitest';
import { newLogin, separationSteps } from '../../src/core/separation.ts';
import type { StrengthFacts } from '../../src/core/strength.ts';
import { reachOf } from '../../src/core/strength-reach.ts';

const NONE: StrengthFacts = {
	superusers: [],
	powers: [],
	ownsDatabase: false,
	ownsSchemaPublic: false,
	ownedGovernedObjects: [],
	maySetReplicationRole: false,
};
const NAMES = { directusRole: 'directus', operator: 'op', database: 'cms' };

/** Each weakness alone, what posture says of it, and what takes it away. */
const WEAK: [name: string, change: Partial<StrengthFacts>, reach: RegExp, step: RegExp][] = [
	[
		'superuser',
		{ superusers: ['directus'] },
		/any statement on any table/,
		/create role "directus_app" login password '</,
	],
	['superuser by membership', { superusers: ['root'] }, /superuser \(root\)/, /^revoke "root" from "directus"$/m],
	[
		'an attribute',
		{ powers: ['directus: CREATEROLE'] },
		/directus: CREATEROLE/,
		/^alter role "directus" nocreaterole$/m,
	],
	['an attribute of another', { powers: ['step: REPLICATION'] }, /step/, /^revoke "step" from "directus"$/m],
	[
		'a predefined role',
		{ powers: ['pg_write_all_data: member'] },
		/pg_write_all_data/,
		/^revoke "pg_write_all_data" from "directus"$/m,
	],
	[
		'the database',
		{ ownsDatabase: true },
		/DROP DATABASE/,
		/alter database "cms" owner to "op"\ngrant usage, create on schema public to "directus"/,
	],
	[
		'schema public',
		{ ownsSchemaPublic: true },
		/DROP TABLE of any table in it/,
		/alter schema public owner to "op"\ngrant usage, create/,
	],
	[
		'a table',
		{ ownedGovernedObjects: ['prices'] },
		/As owner of prices.*DISABLE TRIGGER/,
		/governed apply --strength separated/,
	],
	['the replication role', { maySetReplicationRole: true }, /session_replication_role/, /revoke set on parameter/],
];

describe('the way to separated', () => {
	test('is empty, and nothing is reached, where nothing is weak', () => {
		expect(separationSteps(NONE, NAMES)).toEqual([]);
		expect(reachOf(NONE)).toEqual([]);
	});

	test.each(WEAK)('%s: posture says what it allows, and a step takes it away', (_, change, reach, step) => {
		const facts = { ...NONE, ...change };
		expect(reachOf(facts)).toEqual([expect.stringMatching(reach)]);
		const steps = separationSteps(facts, NAMES);
		expect(steps).toHaveLength(1);
		expect(steps.flatMap(({ sql, besides }) => [...sql, ...besides]).join('\n')).toMatch(step);
	});

	test('names that are statements stay names', () => {
		const role = `x"; drop role op; --`;
		const all = separationSteps(
			{ ...NONE, superusers: [role], powers: [`${role}: CREATEROLE`], ownsDatabase: true },
			{ ...NAMES, directusRole: role },
		);
		for (const statement of all.flatMap(({ sql }) => sql).filter((sql) => !sql.startsWith('do ')))
			expect(statement).not.toMatch(/(^|[^"])"; drop role op/);
	});

	test('a shared login gets one of its own, and no secret is made', () => {
		const { sql, besides } = newLogin('shared', { ...NAMES, operator: 'directus' });
		expect(besides).toContain('DB_USER=directus_app');
		expect([...sql, ...besides].join('\n').match(/<a long random password/g)).toHaveLength(2);
	});
});
