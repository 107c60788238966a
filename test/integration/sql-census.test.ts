import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANUAL, NEEDS_NO_PROBE } from './sql-census/commands.ts';
import { SQL_ENTRIES } from './sql-census/entries.ts';
import { commandsOf } from './sql-census/entry-commands.ts';
import { makeOriginal, type Original, runSqlCensus, tableOf, writeCoverage } from './sql-census/run.ts';
import { serverCommands } from './sql-census/server-commands.ts';
import { describeEachPostgres } from './support/each-postgres.ts';

describe('the statements PostgreSQL has', () => {
	test.each(['15', '18'] as const)(
		'PostgreSQL %s: each is probed, or has a reason why it need not be',
		async (major) => {
			const server = await serverCommands(major);
			expect(server.length).toBeGreaterThan(100);
			const known = [...new Set([...server, ...MANUAL])];
			const probed = new Set(SQL_ENTRIES.flatMap(({ statement }) => commandsOf(statement.sql, known)));
			expect(known.filter((name) => !probed.has(name) && !NEEDS_NO_PROBE.has(name))).toEqual([]);
		},
	);

	test('a command nobody classified is found', () => {
		const probed = new Set(SQL_ENTRIES.flatMap(({ statement }) => commandsOf(statement.sql, ['GRAFT TABLE'])));
		expect(probed.has('GRAFT TABLE') || NEEDS_NO_PROBE.has('GRAFT TABLE')).toBe(false);
	});

	test('no path is there twice', () => {
		const paths = SQL_ENTRIES.map(({ path }) => path);
		expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
	});
});

describeEachPostgres((cluster, major) => {
	describe.each(['separated', 'single-role'] as const)('%s', (strength) => {
		let original: Original;
		beforeAll(async () => {
			original = await makeOriginal(cluster(), strength);
		});
		afterAll(() => original?.drop());

		test('every statement comes out as stated, and would change the data without the guards', {
			timeout: 600_000,
		}, async () => {
			const rows = await runSqlCensus(original, SQL_ENTRIES, major);
			const file = await writeCoverage(rows, major, strength);
			process.stderr.write(`${tableOf(rows)}\n${file}: ${rows.length} rows\n`);
			const wrong = rows.filter(
				({ outcome, expected, baseline_shown, effect }) =>
					outcome !== expected || (effect !== 'none' && expected !== 'harmless' && !baseline_shown),
			);
			expect(wrong).toEqual([]);
		});
	});
});
