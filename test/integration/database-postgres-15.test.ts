import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClusterHandle, directusDatabase, startCluster } from '../../instance/cluster.ts';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { uninstall } from '../../src/adapters/postgres/registrar/uninstall.ts';
import { appliedChanges, registrarOf, testSigner } from './support/governed-database.ts';
import { connect, useScene } from './support/scene.ts';
import { directusRoleSuite } from './support/suite-directus-role.ts';
import { markersSuite } from './support/suite-markers.ts';
import { metadataSuite } from './support/suite-metadata.ts';
import { cascadeSuite, strengthSuite } from './support/suite-traps.ts';

describe('PostgreSQL 15, the oldest supported', () => {
	let cluster: { handle: ClusterHandle; stop(): Promise<void> };
	beforeAll(async () => {
		cluster = await startCluster('15');
	});
	afterAll(() => cluster?.stop());

	describe('a server that never saw governed', () => {
		test('a plan leaves no role and no structure behind', async () => {
			const database = await directusDatabase(cluster.handle);
			const superuser = await connect(database.superuserUrl);
			const roles = 'select rolname from pg_roles order by 1';
			const before = [(await superuser.query(roles)).rows, await dumpCatalogue(superuser, 'everything')];
			expect((await registrarOf(database, await testSigner()).plan()).kind).toBe('planned');
			expect([(await superuser.query(roles)).rows, await dumpCatalogue(superuser, 'everything')]).toEqual(before);
			await superuser.end();
			await database.drop();
		});

		test('first applies in four databases at once make the roles once', async () => {
			const databases = await Promise.all(Array.from({ length: 4 }, () => directusDatabase(cluster.handle)));
			const signer = await testSigner();
			const outcomes = await Promise.all(databases.map((database) => registrarOf(database, signer).apply()));
			expect(outcomes.map(({ kind }) => kind)).toEqual(Array(4).fill('applied'));
			await Promise.all(databases.map((database) => database.drop()));
		});
	});

	describe('deferred triggers, which run as whoever commits', () => {
		test('uninstall keeps off when a trigger waits behind a foreign key', async () => {
			const [database, signer] = await Promise.all([directusDatabase(cluster.handle), testSigner()]);
			appliedChanges(await registrarOf(database, signer).apply());
			const [directus, operator] = await Promise.all([connect(database.directusUrl), connect(database.operatorUrl)]);
			await directus.query(`create table public.behind (collection varchar(64) references public.directus_collections on delete cascade);
			insert into public.behind values ('dot_tools'); create table public.proof (ran_as text);
			create function public.late() returns trigger language plpgsql as $$ begin insert into public.proof values (current_user); return null; end $$;
			create constraint trigger late after delete on public.behind deferrable initially deferred for each row execute function public.late()`);
			expect(await uninstall(database.operatorUrl, 'directus', { commit: true })).toMatchObject({
				kind: 'refused',
				faults: [{ subject: 'public.behind', problem: expect.stringContaining('late') }],
			});
			// Baseline: who deletes without looking runs it with the operator's rights at the end of the transaction.
			await operator.query(`begin; drop trigger governance_metadata_guard on public.directus_collections;
			drop trigger governance_metadata_last_look on public.directus_collections;
			delete from public.directus_collections where collection = 'dot_tools'; set constraints all immediate`);
			expect((await operator.query('select ran_as from public.proof')).rows).toEqual([{ ran_as: 'governed_operator' }]);
			await operator.query('rollback');
			await Promise.all([directus.end(), operator.end()]);
		});
	});

	describe('governed', () => {
		const scene = useScene(() => cluster.handle);

		test('runs the server it says', async () => {
			const { rows } = await scene().superuser.query<{ v: string }>(
				`select current_setting('server_version_num') as v`,
			);
			expect(rows[0]?.v).toMatch(/^15/);
		});

		test('has the structure PostgreSQL 18 has', async () => {
			const golden = await readFile(new URL('../golden/schema.sql', import.meta.url), 'utf8');
			expect(await dumpCatalogue(scene().superuser, 'product')).toBe(golden);
		});

		test('its ledger functions write for Directus’s role what that role cannot', async () => {
			const { directus } = scene();
			const ids = ['00000000-0000-4000-8000-0000000000ad', '00000000-0000-4000-8000-0000000000ae'];
			const call = async (name: string, argument: unknown) =>
				(await directus.query(`select governance.${name}($1) as answer`, [JSON.stringify(argument)])).rows[0]?.answer;
			await call('append_evidence', [{ id: ids[0], body: '{}' }]);
			const [{ token }] = await call('claim_dispatches', [
				{ caller: 'smoke', correlation_id: 'b', request_digest: 'c', lease_ms: 1_000 },
			]);
			const item = { token, answer: {}, evidence: { id: ids[1], body: '{}' } };
			expect(await call('settle_dispatches', [item])).toEqual([{ settled: true }]);
			const stored = 'select id from public.governance_evidence where id = any ($1) order by 1';
			expect((await directus.query(stored, [ids])).rows).toEqual(ids.map((id) => ({ id })));
		});

		directusRoleSuite(scene);
		markersSuite(scene);
		cascadeSuite(scene);
		strengthSuite(scene);
		metadataSuite(scene);
	});
});
