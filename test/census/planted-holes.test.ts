import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { pathsFor } from './all-paths.ts';
import { classify } from './support/classify.ts';
import { faultsOf } from './support/faults.ts';
import { runCensus } from './support/run-census.ts';
import { startWorld, type World } from './support/world.ts';

/** The census has to turn red for each hole, also where another layer still holds: then it says which layer is missing. */
const paths = pathsFor('separated');

let world: World;

beforeAll(async () => {
	world = await startWorld(inject('cluster'));
});

afterAll(() => world?.stop());

afterEach(async () => {
	await world.restoreAll(world.governed);
});

const only = (...ids: string[]) => ({
	only: ({ id }: { id: string }) => ids.includes(id),
	actors: 'strongest' as const,
});

async function faults(...ids: string[]): Promise<string> {
	const cells = await runCensus(world, paths, only(...ids));
	expect(cells).toHaveLength(ids.length);
	return faultsOf(paths, cells).join('\n');
}

test('nothing is red before anything is planted', async () => {
	const slice = ['rest.update-key', 'utils.sort', 'layers.privilege-gov_items-insert', 'layers.birth-gov_items-insert'];
	expect(await faults(...slice)).toBe('');
});

test('a grant too many', async () => {
	await world.governed.sql('grant insert on public.gov_items to directus');
	expect(await faults('layers.privilege-gov_items-insert')).toContain('not by 42501: that layer is missing');
});

test.each([
	['governance_a_assert_safe', 'layers.assert-gov_items-update', 'fn_assert_safe_for_dot_action'],
	['governance_m_birth_insert', 'layers.birth-gov_items-insert', 'fn_birth_gate'],
])('the trigger %s off', async (trigger, path, name) => {
	await world.governed.sql(`alter table public.gov_items disable trigger ${trigger}`);
	expect(await faults(path)).toContain(`not by ${name}: that layer is missing`);
});

test('the last look off', async () => {
	await world.governed.sql('alter table public.gov_items disable trigger governance_z_block_after');
	expect(await faults('layers.last-look-gov_items')).toContain('layers.last-look-gov_items as operator: GETS THROUGH');
});

test('the guard of the descriptions off', async () => {
	await world.governed.sql(
		`alter table public.directus_fields disable trigger governance_metadata_guard;
		alter table public.directus_fields disable trigger governance_metadata_last_look`,
	);
	expect(await faults('extension.knex-metadata-fields')).toContain('GETS THROUGH');
});

test('a path without its probe', async () => {
	const left = paths.filter(({ covers }) => !covers.includes('route POST /utils/sort/:collection'));
	const known = ['route POST /utils/sort/:collection', 'route POST /items/:collection'];
	expect(classify(known, paths, []).unclassified).toEqual([]);
	expect(classify(known, left, []).unclassified).toEqual(['route POST /utils/sort/:collection']);
	expect(classify([...known, 'route POST /brand/new'], paths, []).unclassified).toEqual(['route POST /brand/new']);
});

test('the bundle absent: the database refuses, and the census says who did not', async () => {
	const { governed, baseline } = world;
	await governed.instance.restartDirectus({ EXTENSIONS_PATH: baseline.extensionsDir });
	const slice = ['rest.update-key', 'nested.o2m-create', 'utils.sort', 'structure.field-update-meta'];
	const said = await faults(...slice);
	for (const id of slice) expect(said).toContain(`${id} as admin: refused by the database, not by the bundle`);
	// And with the layers of the database gone too, for one table, there is nothing left.
	const triggers = await governed.sql<{ name: string }>(
		`select tgname as name from pg_trigger where tgrelid = 'public.gov_items'::regclass and tgname like 'governance%'`,
	);
	const off = triggers.map(({ name }) => `alter table public.gov_items disable trigger ${name}`);
	await governed.sql([...off, 'grant select, insert, update, delete on public.gov_items to directus'].join('; '));
	expect(await faults('rest.update-key')).toContain('GETS THROUGH');
	await governed.instance.restartDirectus({ EXTENSIONS_PATH: governed.extensionsDir });
});
