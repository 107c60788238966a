import { defineConfig } from 'vitest/config';

const SECOND = 1_000;

export default defineConfig({
	test: {
		// A missing golden file is a failure, here as in CI; `npm run golden:write` writes them.
		update: 'none',
		allowOnly: false,
		retry: 0,
		restoreMocks: true,
		// Nothing may depend on the order; vitest prints the seed that repeats a run.
		sequence: { shuffle: { files: true } },
		projects: [
			{
				test: {
					name: 'unit',
					include: ['test/unit/**/*.test.ts'],
					sequence: { groupOrder: 0, shuffle: { tests: true } },
					// A busy machine is no reason to fail.
					testTimeout: 30 * SECOND,
				},
			},
			{
				test: {
					name: 'integration',
					include: ['test/integration/**/*.test.ts'],
					globalSetup: ['test/setup/postgres.ts'],
					sequence: { groupOrder: 1 },
					testTimeout: 60 * SECOND,
					hookTimeout: 120 * SECOND,
					maxWorkers: 2,
				},
			},
			{
				test: {
					name: 'e2e',
					include: ['test/e2e/**/*.test.ts'],
					globalSetup: ['test/setup/postgres.ts'],
					sequence: { groupOrder: 2 },
					testTimeout: 120 * SECOND,
					hookTimeout: 300 * SECOND,
					// Each file runs a Directus of its own beside the one PostgreSQL: two at once is what two cores bear.
					maxWorkers: 2,
				},
			},
			{
				test: {
					name: 'census',
					include: ['test/census/**/*.test.ts'],
					globalSetup: ['test/setup/postgres.ts'],
					sequence: { groupOrder: 3 },
					// One test walks hundreds of requests against two instances.
					testTimeout: 1_200 * SECOND,
					hookTimeout: 300 * SECOND,
					maxWorkers: 2,
				},
			},
		],
	},
});
