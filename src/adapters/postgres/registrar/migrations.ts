import type { Change } from '../../../service/ports/registrar.ts';
import { MIGRATIONS } from '../migrations.generated.ts';
import { asRole, rowsOf, type Sql } from './session.ts';

/** The database was written by a newer version of this package than the one that runs. */
class NewerSchemaError extends Error {
	override readonly name = 'NewerSchemaError';
}

/** A migration recorded in the database is not the one this package ships under its number. */
class AlteredMigrationError extends Error {
	override readonly name = 'AlteredMigrationError';
}

/**
 * Brings schema `governance` to this package's version, inside the open transaction. Safe when many installers start
 * at once: the caller holds the registrar's lock.
 */
export async function migrate(client: Sql): Promise<Change[]> {
	const changes: Change[] = [];
	const [schema] = await rowsOf(client, `select 1 from pg_namespace where nspname = 'governance'`);
	if (!schema) {
		await client.query('create schema governance authorization governance_owner');
		changes.push({
			action: 'add',
			area: 'structure',
			subject: 'schema governance',
			detail: 'owned by governance_owner',
		});
	}
	const done = await appliedMigrations(client);
	for (const { id, name, digest } of done) {
		const shipped = MIGRATIONS.find((migration) => migration.id === id);
		if (!shipped) {
			throw new NewerSchemaError(
				`this database is at migration ${id} (${name}); this version of governed knows ${MIGRATIONS.length}. Use the newer version of the package.`,
			);
		}
		if (shipped.digest !== digest) {
			throw new AlteredMigrationError(`migration ${id} (${name}) in this database is not the one this package ships`);
		}
	}
	const pending = MIGRATIONS.filter(({ id }) => !done.some((row) => row.id === id));
	if (pending.length === 0) return changes;

	await client.query('grant create on schema public to governance_owner');
	await asRole(client, 'governance_owner', () =>
		client.query('grant usage, create on schema governance to governance_writer'),
	);
	for (const { id, name, sql, digest } of pending) {
		await client.query(sql);
		await asRole(client, 'governance_writer', () =>
			client.query('insert into governance.migrations (id, name, digest) values ($1, $2, $3)', [id, name, digest]),
		);
		changes.push({ action: 'add', area: 'structure', subject: `migration ${id}`, detail: name });
	}
	await asRole(client, 'governance_owner', () =>
		client.query('revoke create on schema governance from governance_writer'),
	);
	await client.query('revoke create on schema public from governance_owner');
	return changes;
}

async function appliedMigrations(client: Sql): Promise<{ id: number; name: string; digest: string }[]> {
	const [table] = await rowsOf(client, `select 1 from pg_class where oid = to_regclass('governance.migrations')`);
	return table ? rowsOf(client, 'select id, name, digest from governance.migrations order by id') : [];
}
