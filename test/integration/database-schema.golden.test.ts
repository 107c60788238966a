import { expect, inject, test } from 'vitest';
import { dumpCatalogue } from '../../scripts/catalogue-dump.ts';
import { undone, useScene } from './support/scene.ts';

const scene = useScene(() => inject('cluster'));

test('the structure that apply makes is the golden one', async () => {
	await expect(await dumpCatalogue(scene().superuser, 'product')).toMatchFileSnapshot('../golden/schema.sql');
});

test('the dump sees what it must: a body, a default, a guard switched off, an owner, a grant, a column grant', async () => {
	const { superuser } = scene();
	const before = await dumpCatalogue(superuser, 'product');
	const changes = [
		`create or replace function governance.is_governed(p_collection text) returns boolean language sql as 'select false'`,
		`alter table public.dot_tools alter title set default 'x'`,
		'alter table public.dot_tools disable trigger governance_a_assert_safe',
		'alter table public.directus_fields enable trigger governance_metadata_guard',
		'alter table public.dot_tools drop constraint dot_tools_code_check',
		'create index planted on public.dot_tools (title)',
		'alter table governance.policy owner to directus',
		'grant insert on public.dot_tools to directus',
		'grant update (title) on public.dot_tools to directus',
		'grant create on schema governance to directus',
		'alter role governance_writer login',
	];
	for (const change of changes) {
		await undone(superuser, async () => {
			await superuser.query(change);
			expect(await dumpCatalogue(superuser, 'product'), change).not.toBe(before);
		});
	}
	expect(await dumpCatalogue(superuser, 'product')).toBe(before);
});
