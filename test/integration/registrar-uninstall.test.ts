import type pg from 'pg';
import { expect, inject, test } from 'vitest';
import { directusDatabase } from '../../instance/cluster.ts';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { uninstall } from '../../src/adapters/postgres/registrar/uninstall.ts';
import { appliedChanges, collections, registrarOf, testSigner } from './support/governed-database.ts';
import { connect } from './support/scene.ts';

/** Directus's own tables as rows, to be compared before and after. */
const METADATA = ['directus_collections', 'directus_fields', 'directus_relations', 'directus_extensions'];

async function stateOf(superuser: pg.Client): Promise<string> {
	const parts = [await dumpCatalogue(superuser, 'everything')];
	for (const table of METADATA) {
		parts.push(JSON.stringify((await superuser.query(`select t::text from public.${table} t order by 1`)).rows));
	}
	return parts.join('\n');
}

test('uninstall leaves the database as it was before the first apply, content and its grants included', async () => {
	const [database, signer] = await Promise.all([directusDatabase(inject('cluster')), testSigner()]);
	const registrar = registrarOf(database, signer);
	const [directus, superuser] = await Promise.all([connect(database.directusUrl), connect(database.superuserUrl)]);
	await directus.query(`create table public.articles (id serial primary key, t text); insert into public.articles (t) values ('one');
		insert into public.directus_collections (collection) values ('articles'); grant select (t) on public.articles to governed_operator`);
	const before = await stateOf(superuser);
	expect(await uninstall(database.operatorUrl, 'directus', { commit: true })).toEqual({ kind: 'absent' });
	appliedChanges(await registrar.apply(collections('articles')));
	const governed = await stateOf(superuser);
	expect(await uninstall(database.operatorUrl, 'directus', { commit: false })).toMatchObject({ kind: 'uninstalled' });
	expect(await stateOf(superuser)).toBe(governed);

	const outcome = await uninstall(database.operatorUrl, 'directus', { commit: true });
	expect(outcome).toMatchObject({
		kind: 'uninstalled',
		changes: expect.arrayContaining([expect.objectContaining({ subject: 'articles' })]),
	});
	expect(await stateOf(superuser)).toBe(before);
	// And it can be governed again.
	appliedChanges(await registrar.apply(collections('articles')));
	await Promise.all([directus.end(), superuser.end()]);
	await database.drop();
});
