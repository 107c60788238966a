import { describe, expect, test } from 'vitest';
import { postgresSettings } from '../../src/adapters/directus/connection.ts';
import type { ExtensionContext, HookRegister, Knex } from '../../src/adapters/directus/directus-types.ts';
import { installGuard } from '../../src/adapters/directus/install-guard.ts';
import { unsupportedRuntime } from '../../src/adapters/directus/unsupported-runtime.ts';

const knexOf = (client: string, connection: unknown) =>
	({ client: { config: { client, connection } } }) as unknown as Knex;

describe('a database that is not PostgreSQL', () => {
	for (const client of ['sqlite3', 'mysql', 'cockroachdb', 'mssql', 'oracledb', 'redshift']) {
		test(`${client} is not taken for PostgreSQL`, () => {
			expect(postgresSettings(knexOf(client, { host: 'x' }))).toBeNull();
		});
	}

	test('the guard registers nothing and wraps nothing', () => {
		const touched = new Proxy(
			{},
			{
				get: (_target, name) => {
					throw new Error(`touched ${String(name)}`);
				},
			},
		);

		const slot = { abi: 1 as const, runtime: unsupportedRuntime(), installed: new Map() };
		installGuard(slot, touched as HookRegister, touched as ExtensionContext);
		expect(slot.installed.size).toBe(0);
		expect(slot.runtime.state()).toMatchObject({ kind: 'hold', reason: 'UNSUPPORTED_DATABASE' });
	});
});

test('PostgreSQL: a URL, or settings whose password knex hides from enumeration', () => {
	expect(postgresSettings(knexOf('pg', 'postgres://x'))).toBe('postgres://x');
	const settings = Object.defineProperty({ host: 'h' }, 'password', { value: 'p', enumerable: false });
	expect(postgresSettings(knexOf('pg', settings))).toEqual({ host: 'h', password: 'p' });
});
