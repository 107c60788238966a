import { describe, expect, test } from 'vitest';
import { readDatabaseRefusal } from '../../src/adapters/directus/refused-by-database.ts';

const isGoverned = (table: string) => table === 'dot_tools' || table === 'Odd-Name';
const read = (code: string, message: string, sql = 'insert into "dot_tools"') =>
	readDatabaseRefusal({ code, message }, { sql }, isGoverned);

describe('what PostgreSQL refused', () => {
	const cases = [
		[
			'GD001',
			'insert into x - [DENIED] dot_tools.insert: not in write allowlist',
			'GOVERNED_WRITE_DENIED',
			'dot_tools',
			'create',
		],
		['GD001', 'x - [DENIED] dot_tools.delete: not in write allowlist', 'GOVERNED_WRITE_DENIED', 'dot_tools', 'delete'],
		[
			'GD002',
			'x - [DENIED] dot_tools.truncate: not in write allowlist',
			'GOVERNED_WRITE_DENIED',
			'dot_tools',
			'truncate',
		],
		['GD003', 'x - [DENIED] dot_tools.update: no apply is recorded', 'GOVERNED_WRITE_DENIED', 'dot_tools', 'update'],
		[
			'GD005',
			'x - [DENIED] directus_fields.update: dot_tools is governed',
			'GOVERNED_STRUCTURE_LOCKED',
			'directus_fields',
			'update',
		],
		['42501', 'insert … - permission denied for table dot_tools', 'GOVERNED_WRITE_DENIED', 'dot_tools', 'insert'],
		['42501', 'x - permission denied for table "Odd-Name"', 'GOVERNED_WRITE_DENIED', 'Odd-Name', 'insert'],
		['42501', 'alter … - must be owner of table dot_tools', 'GOVERNED_STRUCTURE_LOCKED', 'dot_tools', 'insert'],
	] as const;

	for (const [code, message, expected, collection, action] of cases) {
		test(`${code} ${message}`, () => {
			expect(read(code, message)).toMatchObject({
				code: expected,
				collection,
				action: action === 'insert' ? expect.any(String) : action,
			});
		});
	}

	test('a value in the statement cannot name another collection', () => {
		const message = `insert into "dot_tools" values ('[DENIED] innocent.insert: ') - [DENIED] dot_tools.insert: not in write allowlist`;
		expect(read('GD001', message)).toMatchObject({ collection: 'dot_tools' });
	});

	test('leaves alone: reads, other tables, other errors, no errors', () => {
		expect(read('42501', 'permission denied for table dot_tools', 'select * from "dot_tools"')).toBeNull();
		expect(read('42501', 'permission denied for table articles')).toBeNull();
		expect(read('23505', 'duplicate key')).toBeNull();
		expect(read('GD004', '[REFUSED] DOT_X: the transaction is not read only')).toBeNull();
		expect(readDatabaseRefusal(null, {}, isGoverned)).toBeNull();
		expect(readDatabaseRefusal(new Error('x'), {}, isGoverned)).toBeNull();
	});
});
