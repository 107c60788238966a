import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { directusDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { applyDesiredState } from '../../src/adapters/postgres/registrar/apply.ts';
import { untilUndisturbed } from '../../src/adapters/postgres/registrar/retry.ts';
import { collections, declared, governedDatabase, registrarOf, testSigner } from './support/governed-database.ts';
import { connect } from './support/scene.ts';
import { snapshotOf } from './support/snapshot.ts';

const cluster = inject('cluster');

async function structureOf(database: TestDatabase): Promise<string> {
	const client = await connect(database.superuserUrl);
	try {
		return await dumpCatalogue(client, 'everything');
	} finally {
		await client.end();
	}
}

/** Everything of a governed database that an interrupted apply must leave alone. */
async function stateOf(database: TestDatabase, ...tables: string[]): Promise<string> {
	const client = await connect(database.superuserUrl);
	try {
		return await snapshotOf(client, tables);
	} finally {
		await client.end();
	}
}

describe('many installers at once', () => {
	test('twenty in one fresh database: one applies, the others find it done', async () => {
		const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
		const registrar = registrarOf(database, signer);
		const outcomes = await Promise.all(Array.from({ length: 20 }, () => registrar.apply()));
		expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['applied', ...Array(19).fill('unchanged')]);
		expect(await registrar.plan()).toEqual({ kind: 'unchanged', generation: 1 });
		await database.drop();
	});

	test('one in each of eight databases of the server, whose roles are everybody’s', async () => {
		const databases = await Promise.all(Array.from({ length: 8 }, () => directusDatabase(cluster)));
		const signer = await testSigner();
		const outcomes = await Promise.all(databases.map((database) => registrarOf(database, signer).apply()));
		expect(outcomes.map(({ kind }) => kind)).toEqual(Array(8).fill('applied'));
		const [first, ...others] = await Promise.all(databases.map(structureOf));
		for (const other of others) expect(other).toBe(first);
		await Promise.all(databases.map((database) => database.drop()));
	});

	test('what PostgreSQL asks to try again is tried again; nothing else is', async () => {
		const fail = (code: string, message: string, schema?: string) =>
			Object.assign(new pg.DatabaseError(message, 0, 'error'), { code, schema });
		const disturbances = [
			fail('XX000', 'tuple concurrently updated'),
			fail('XX000', 'tuple concurrently deleted'),
			fail('40P01', 'deadlock detected'),
			fail('40001', 'could not serialize access'),
			fail('23505', 'duplicate key value violates unique constraint "pg_auth_members_role_member_index"', 'pg_catalog'),
		];
		const once = async (error: Error) => {
			let attempts = 0;
			const result = untilUndisturbed(async () => {
				attempts += 1;
				if (attempts === 1) throw error;
				return attempts;
			});
			return result.catch((caught: unknown) => caught);
		};
		for (const disturbance of disturbances) expect(await once(disturbance)).toBe(2);
		for (const other of [
			fail('23505', 'duplicate key', 'public'),
			fail('XX000', 'cache lookup failed'),
			fail('57P01', 'terminated'),
			new Error('x'),
		]) {
			expect(await once(other)).toBe(other);
		}
	});

	test('roles made and dropped next door while an apply runs do not break it', async () => {
		const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
		const neighbour = await connect(database.superuserUrl);
		let running = true;
		const noise = (async () => {
			for (let n = 0; running; n++) {
				await neighbour
					.query(`create role noise_${n % 3}; grant governance_reader to noise_${n % 3}; drop role noise_${n % 3}`)
					.catch(() => undefined);
			}
		})();
		const registrar = registrarOf(database, signer);
		expect((await registrar.apply()).kind).toBe('applied');
		expect((await registrar.apply()).kind).toBe('unchanged');
		running = false;
		await noise;
		await neighbour.end();
		await database.drop();
	});
});

describe('a second look', () => {
	test('a second apply changes nothing, and says so', async () => {
		const database = await governedDatabase(cluster);
		const before = await stateOf(database);
		expect(await database.apply()).toEqual({ kind: 'unchanged', generation: 1 });
		expect(await stateOf(database)).toBe(before);
		await database.drop();
	});

	test('a plan leaves a fresh database byte-identical, and says what apply then does', async () => {
		const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
		const registrar = registrarOf(database, signer);
		const before = await structureOf(database);
		const planned = await registrar.plan();
		expect(await structureOf(database)).toBe(before);
		const applied = await registrar.apply();
		expect(applied).toMatchObject({ kind: 'applied', changes: (planned as { changes: unknown }).changes });
		expect(await structureOf(database)).not.toBe(before);
		await database.drop();
	});

	test('a plan of a change leaves a governed database byte-identical', async () => {
		const database = await governedDatabase(cluster);
		const directus = await connect(database.directusUrl);
		await directus.query(
			'create table public.articles (id serial primary key); insert into public.articles default values',
		);
		const before = await stateOf(database, 'public.articles', 'public.directus_collections');
		const change = { ...collections('articles'), tools: [], contracts: [] };
		expect(await database.plan(change)).toMatchObject({ kind: 'planned' });
		expect(await stateOf(database, 'public.articles', 'public.directus_collections')).toBe(before);
		await directus.end();
		await database.drop();
	});
});

describe('versions', () => {
	test('refuses a database that a newer version wrote', async () => {
		const database = await governedDatabase(cluster);
		const superuser = await connect(database.superuserUrl);
		await superuser.query(`alter table governance.migrations disable trigger user; insert into governance.migrations values (9999, '9999-future.sql', 'x');
			alter table governance.migrations enable always trigger governance_a_assert_safe, enable always trigger governance_z_block_after`);
		const before = await stateOf(database);
		await expect(database.apply()).rejects.toMatchObject({
			name: 'NewerSchemaError',
			message: expect.stringContaining('9999'),
		});
		await expect(database.plan()).rejects.toMatchObject({ name: 'NewerSchemaError' });
		expect(await stateOf(database)).toBe(before);
		await superuser.end();
		await database.drop();
	});

	test('refuses a database whose migration is not the one shipped', async () => {
		const database = await governedDatabase(cluster);
		const superuser = await connect(database.superuserUrl);
		await superuser.query(
			`alter table governance.migrations disable trigger user; update governance.migrations set digest = 'x' where id = 2`,
		);
		await expect(database.apply()).rejects.toMatchObject({
			name: 'AlteredMigrationError',
			message: expect.stringContaining('0002'),
		});
		await superuser.end();
		await database.drop();
	});
});

describe('an interrupted apply', () => {
	/** Ends the registrar's backend after so many of its statements, as a crash of the server's process would. */
	async function killedAfter(
		database: TestDatabase,
		signer: Awaited<ReturnType<typeof testSigner>>,
		statements: number,
	): Promise<'killed' | 'done'> {
		const superuser = await connect(database.superuserUrl);
		let seen = 0;
		const original = pg.Client.prototype.query;
		const { operatorUrl } = database;
		const interrupting = async function (this: pg.Client, ...parameters: unknown[]) {
			const own = this.database === database.name && this.user === 'governed_operator';
			if (own && ++seen === statements) {
				await superuser.query(
					'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = $2',
					['governed', database.name],
				);
			}
			return Reflect.apply(original, this, parameters);
		};
		pg.Client.prototype.query = interrupting as typeof original;
		try {
			await applyDesiredState(
				operatorUrl,
				declared({ ...collections('articles'), gates: { dispatch_enabled: false } }),
				signer,
				{ commit: true },
			);
			return 'done';
		} catch {
			return 'killed';
		} finally {
			pg.Client.prototype.query = original;
			await superuser.end();
		}
	}

	test('killed at any statement leaves the previous state whole, and the next apply succeeds', async () => {
		const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
		const registrar = registrarOf(database, signer);
		const directus = await connect(database.directusUrl);
		await directus.query(
			'create table public.articles (id serial primary key, t text); insert into public.articles (t) values (1)',
		);
		await directus.end();
		expect((await registrar.apply()).kind).toBe('applied');
		const tables = ['public.articles', 'public.directus_collections', 'public.directus_fields'];
		const before = await stateOf(database, ...tables);
		let kills = 0;
		for (let statements = 2; ; statements += 7 + ((statements * 7919) % 13)) {
			if ((await killedAfter(database, signer, statements)) === 'done') break;
			kills += 1;
			// The backend may still be rolling back when the client already knows.
			await expect.poll(() => stateOf(database, ...tables)).toBe(before);
		}
		expect(kills).toBeGreaterThan(8);
		expect(await registrar.plan({ ...collections('articles'), gates: { dispatch_enabled: false } })).toEqual({
			kind: 'unchanged',
			generation: 2,
		});
		await database.drop();
	});

	test('killed during the first apply leaves no trace of it', async () => {
		const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
		const directus = await connect(database.directusUrl);
		await directus.query('create table public.articles (id serial primary key)');
		await directus.end();
		const before = await structureOf(database);
		for (const statements of [6, 25, 40, 60, 120, 200]) {
			expect(await killedAfter(database, signer, statements)).toBe('killed');
			await expect.poll(() => structureOf(database)).toBe(before);
		}
		expect((await registrarOf(database, signer).apply()).kind).toBe('applied');
		await database.drop();
	});
});
