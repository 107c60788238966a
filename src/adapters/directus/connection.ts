import type { Knex } from './directus-types.ts';

/** Connection settings of Directus's own database, or null where it is not PostgreSQL. */
export function postgresSettings(database: Knex): string | Record<string, unknown> | null {
	const { client, connection } = database.client.config;
	if (client !== 'pg' && client !== 'postgres' && client !== 'postgresql') return null;
	if (typeof connection === 'string') return connection;
	if (typeof connection !== 'object' || connection === null) return null;

	// knex hides the password from enumeration, so that it does not end up in a log; a spread would lose it.
	const settings = connection as Record<string, unknown>;
	return { ...settings, ...('password' in settings && { password: settings.password }) };
}
