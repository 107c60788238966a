import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { directusDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { createPolicyKeys } from '../../src/adapters/keys/policy-keys.ts';
import { type Ran, runCli } from './support/cli.ts';
import { connect } from './support/scene.ts';
import { snapshotOf } from './support/snapshot.ts';

let database: TestDatabase;
let folder: string;
let directus: Awaited<ReturnType<typeof connect>>;
let superuser: typeof directus;

const TOOL = {
	code: 'DOT_KG_EXPLAIN',
	title: 'Explain',
	verb: 'explain',
	object: 'graph',
	description: 'Explains.',
	path: 'x',
};
const STRICT = {
	environment: 'test',
	tools: [TOOL],
	collections: { articles: {} },
	write_allowlist: [{ collection: 'notes', actions: ['create'], fields: ['title'] }],
};

const declare = (change: Record<string, unknown> = {}) =>
	writeFile(join(folder, 'config.mjs'), `export default ${JSON.stringify({ ...STRICT, ...change })};\n`);

const cli = (...args: string[]): Promise<Ran> =>
	runCli([...args, '--config', join(folder, 'config.mjs')], {
		GOVERNED_OPERATOR_URL: database.operatorUrl,
		GOVERNED_KEYS_DIR: join(folder, 'keys'),
	});

const state = () => snapshotOf(superuser, ['public.articles']);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'plans-'));
	database = await directusDatabase(inject('cluster'));
	directus = await connect(database.directusUrl);
	superuser = await connect(database.superuserUrl);
	await directus.query(`create table public.articles (id serial primary key, title text);
		insert into public.directus_collections (collection) values ('articles')`);
	await declare();
	const applied = await cli('apply', '--init-keys');
	expect(applied.code, applied.stderr).toBe(0);
});

beforeEach(async () => {
	await declare();
	await cli('apply', '--allow-loosening', 'governed:articles', 'write_allowlist:notes', 'gates:dispatch_enabled');
});

afterAll(async () => {
	await Promise.all([directus?.end(), superuser?.end()]);
	await database?.drop();
	await rm(folder, { recursive: true, force: true });
});

/** Saves a plan of `change` in a new file. */
async function saved(name: string, change: Record<string, unknown>): Promise<string> {
	const file = join(folder, name);
	await declare(change);
	const planned = await cli('plan', '--out', file);
	expect(planned.code, planned.stderr).toBe(2);
	return file;
}

const RENAMED = { tools: [{ ...TOOL, title: 'Explain the graph' }] };

describe('a plan', () => {
	test('shows each changed field, and counts', async () => {
		await declare(RENAMED);
		const { stdout } = await cli('plan');
		expect(stdout).toContain('dot_tools DOT_KG_EXPLAIN: title: "Explain" → "Explain the graph"');
		expect(stdout).toMatch(/0 added, 2 changed, 0 removed/);
	});
});

test('a contract whose schema could not be applied is a fault of the declaration, not a hold later', async () => {
	const contract = (tool: string, schema: Record<string, unknown>) => ({
		...{ tool, version: '1.0.0', executor: 'agent-api', path: '/x', modes: ['PLAN_ONLY'], side_effects: 'none' },
		...{ input_schema: schema, output_schema: { type: 'object' } },
	});
	await declare({
		executors: { 'agent-api': { url: 'http://127.0.0.1:9' } },
		contracts: [contract('DOT_KG_EXPLAIN', { type: 'object', unheardOf: true })],
	});
	const { code, stderr } = await cli('plan');
	expect([code, stderr]).toEqual([1, expect.stringMatching(/contracts\.0\.input_schema: .*unheardOf/)]);
});

describe('a saved plan', () => {
	test('applies exactly what was planned', async () => {
		const file = await saved('fine.plan', RENAMED);
		expect((await cli('apply', file)).code).toBe(0);
		expect((await cli('plan')).code).toBe(0);
		// And only once: the database is another one now.
		const again = await cli('apply', file);
		expect([again.code, again.stdout]).toEqual([3, expect.stringContaining('plan (database)')]);
	});

	test('is never overwritten', async () => {
		const file = await saved('kept.plan', RENAMED);
		const before = await readFile(file, 'utf8');
		expect((await cli('plan', '--out', file)).stderr).toContain('EEXIST');
		expect(await readFile(file, 'utf8')).toBe(before);
	});

	test('is refused when the declaration moved', async () => {
		const file = await saved('config.plan', RENAMED);
		await declare({ tools: [{ ...TOOL, title: 'Something else' }] });
		const before = await state();
		const { code, stdout } = await cli('apply', file);
		expect([code, stdout]).toEqual([3, expect.stringContaining('plan (config)')]);
		expect(await state()).toBe(before);
	});

	test.each([
		['a grant', 'grant insert on public.articles to directus', 'revoke insert on public.articles from directus'],
		[
			'a guard switched off',
			'alter table public.articles disable trigger governance_a_assert_safe',
			'alter table public.articles enable always trigger governance_a_assert_safe',
		],
		['a column', 'alter table public.articles add column extra text', 'alter table public.articles drop column extra'],
	])('is refused when the database moved: %s', async (name, change, undo) => {
		const file = await saved(`${name}.plan`, RENAMED);
		await superuser.query(change);
		const { code, stdout } = await cli('apply', file);
		await superuser.query(undo);
		expect([code, stdout]).toEqual([3, expect.stringContaining('plan (database)')]);
	});

	test('is refused when another apply came in between, even if that was taken back', async () => {
		const file = await saved('between.plan', RENAMED);
		await declare({ tools: [{ ...TOOL, title: 'In between' }] });
		expect((await cli('apply')).code).toBe(0);
		await declare();
		expect((await cli('apply')).code).toBe(0);
		await declare(RENAMED);
		const { code, stdout } = await cli('apply', file);
		expect([code, stdout]).toEqual([3, expect.stringContaining('plan (database)')]);
	});

	test.each(['', 'x', 'eyJhbGciOiJFZERTQSJ9.e30.x'])('is refused when it says %j', async (text) => {
		const file = join(folder, `odd-${text.length}.plan`);
		await writeFile(file, text);
		expect((await cli('apply', file)).stderr).toContain('is not a plan signed with the key');
	});

	test('is refused when somebody else signed it, or when it is a policy', async () => {
		const file = await saved('mine.plan', RENAMED);
		const other = join(folder, 'other-keys');
		await createPolicyKeys(other);
		const strange = await runCli(['apply', file, '--config', join(folder, 'config.mjs')], {
			GOVERNED_OPERATOR_URL: database.operatorUrl,
			GOVERNED_KEYS_DIR: other,
		});
		expect(strange.stderr).toContain('is not a plan signed');
		const { rows } = await superuser.query('select jws from governance.policy order by generation desc limit 1');
		await writeFile(join(folder, 'policy.plan'), String(rows[0]?.jws));
		expect((await cli('apply', join(folder, 'policy.plan'))).stderr).toContain('is not a plan signed');
	});
});

describe('a loosening', () => {
	const LOOSER: [string, Record<string, unknown>][] = [
		['governed:articles', { collections: {} }],
		['write_allowlist:notes', { write_allowlist: [{ collection: 'notes', actions: ['create'] }] }],
	];

	test.each(LOOSER)('%s is shown by plan and needs its name', async (name, change) => {
		await declare(change);
		const planned = await cli('plan');
		expect([planned.code, planned.stdout]).toEqual([2, expect.stringContaining(`--allow-loosening ${name}`)]);
		const before = await state();
		const refused = await cli('apply');
		expect([refused.code, refused.stdout]).toEqual([3, expect.stringContaining(`--allow-loosening ${name}`)]);
		expect((await cli('apply', '--allow-loosening', 'something:else')).code).toBe(3);
		expect(await state()).toBe(before);
		expect((await cli('apply', '--allow-loosening', name)).code).toBe(0);
		expect(await state()).not.toBe(before);
	});

	test('closing dispatch is none, opening it again is one', async () => {
		await declare({ gates: { dispatch_enabled: false } });
		expect((await cli('apply')).code).toBe(0);
		await declare();
		const { code, stdout } = await cli('apply');
		expect([code, stdout]).toEqual([3, expect.stringContaining('gates:dispatch_enabled')]);
	});

	test.each(['execute_enabled', 'real_run_enabled'])('%s cannot be opened by any name', async (gate) => {
		await declare({ gates: { [gate]: true } });
		const { code, stderr } = await cli('apply', '--allow-loosening', `gates:${gate}`);
		expect([code, stderr]).toEqual([1, expect.stringContaining('a real run does not exist')]);
	});
});
