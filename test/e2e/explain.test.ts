import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, at } from '../../instance/http.ts';
import { AGENT, EDITOR } from '../../instance/principals.ts';
import { withClient } from '../../instance/roles.ts';
import type { Explanation } from '../../src/contracts/explain.ts';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';

/** Repeats a run: `EXPLAIN_SEED=<number>`. */
const SEED = Number(process.env.EXPLAIN_SEED ?? Math.floor(Math.random() * 2 ** 31));
const POLICIES = 2;
const CASES_PER_POLICY = 40;
const CASES_ON_HOLD = 16;
const OWN_CODES = /GOVERNED_WRITE_DENIED|GOVERNED_STRUCTURE_LOCKED|FLOW_NOT_ALLOWED|GOVERNANCE_HOLD/;

type Who = 'admin' | 'editor' | 'agent' | 'public' | 'system' | 'database';
type Action = 'create' | 'update' | 'delete';

interface Case {
	who: Who;
	action: Action;
	target: string;
	fields: readonly string[];
}

let instance: GuardedInstance;
const ids = { admin: '', editor: EDITOR.user, agent: AGENT.user };
beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
	ids.admin = String(at((await as('admin', '/users/me?fields=id')).body, 'data', 'id'));
});
afterAll(() => instance?.stop());

type Request = { method: 'POST' | 'PATCH' | 'DELETE'; body?: unknown };
const tokens = () => ({ admin: instance.adminToken, editor: instance.editorToken, agent: instance.agentToken });
const tokenOf = (who: Who) => (who in tokens() ? tokens()[who as keyof typeof ids] : undefined);
const as = (who: Who, path: string, request?: Request) => instance.as(tokenOf(who), path, request);
const sql = <Row extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
	withClient(instance.database.superuserUrl, async (client) => (await client.query(text, values)).rows as Row[]);

const CONTENT = ['gov_items', 'free_items', 'agent_notes'] as const;
const FIELDS = ['title', 'note', 'sort'] as const;
const VALUES: Record<string, unknown> = { title: 'x', note: 'y', sort: 7, name: 'z' };
const action = fc.constantFrom<Action>('create', 'update', 'delete');

const content = fc.record({
	who: fc.constantFrom<Who>('admin', 'editor', 'agent', 'agent', 'public'),
	action,
	target: fc.constantFrom<string>(...CONTENT),
	fields: fc.subarray([...FIELDS], { minLength: 1 }),
});
const folders = fc.record({
	who: fc.constantFrom<Who>('admin', 'agent', 'public'),
	action,
	target: fc.constant('directus_folders'),
	fields: fc.constant(['name']),
});
const shape = fc.record({
	who: fc.constantFrom<Who>('admin', 'editor', 'agent', 'public'),
	action: fc.constantFrom<Action>('create', 'update'),
	target: fc.constantFrom('shape:gov_items', 'shape:free_items', 'shape:agent_notes'),
	fields: fc.constant([]),
});
const unnamed = fc.record({
	who: fc.constantFrom<Who>('system', 'database'),
	action,
	target: fc.constantFrom('gov_items', 'free_items'),
	fields: fc.constant(['title']),
});
const anyCase: fc.Arbitrary<Case> = fc.oneof(
	{ weight: 6, arbitrary: content },
	{ weight: 1, arbitrary: folders },
	{ weight: 2, arbitrary: shape },
	{ weight: 2, arbitrary: unnamed },
);

/** Who counts as an agent, and what agents may do: the parts of a policy that a declaration can vary freely. */
const declaration = fc.record({
	agents: fc.record({
		roles: fc.constantFrom([AGENT.role], [AGENT.role, EDITOR.role], []),
		users: fc.constantFrom([], [AGENT.user]),
		surfaces: fc.constant(['mcp', 'ai']),
	}),
	write_allowlist: fc.array(
		fc.record(
			{
				collection: fc.constantFrom('free_items', 'agent_notes', 'directus_folders', 'directus_fields'),
				actions: fc.uniqueArray(action, { minLength: 1, maxLength: 3 }),
				fields: fc.subarray([...FIELDS, 'name', 'field', 'type', 'schema'], { minLength: 1 }),
			},
			{ requiredKeys: ['collection', 'actions'] },
		),
		{ maxLength: 5 },
	),
});

let made = 0;

/** The request of a case, on a row of its own where it needs one, and the question that describes it. */
async function stage({ who, action: wanted, target, fields }: Case) {
	const payload = Object.fromEntries(fields.map((field) => [field, VALUES[field]]));
	const [kind, described] = target.split(':');
	if (kind === 'shape' && described !== undefined) return stageShape(wanted, described);
	if (who === 'system' || who === 'database') return stageExtension(who, wanted, target);

	const path = target.startsWith('directus_') ? `/${target.slice('directus_'.length)}` : `/items/${target}`;
	const question = { collection: target, action: wanted, fields };
	if (wanted === 'create') return { question, path, request: { method: 'POST' as const, body: payload } };
	const key = target === 'gov_items' ? '1' : await newRow(target);
	if (wanted === 'delete') return { question, path: `${path}/${key}`, request: { method: 'DELETE' as const } };
	return { question, path: `${path}/${key}`, request: { method: 'PATCH' as const, body: payload } };
}

async function newRow(table: string): Promise<string> {
	const [row] = table.startsWith('directus_')
		? await sql<{ id: string }>(`insert into ${table} (id, name) values (gen_random_uuid(), 'before') returning id`)
		: await sql<{ id: string }>(`insert into ${table} (title) values ('before') returning id`);
	return String(row?.id);
}

function stageShape(wanted: Action, described: string) {
	const about = { kind: 'structure', collections: [described] };
	made += 1;
	if (wanted === 'update') {
		const question = { collection: 'directus_collections', action: wanted, fields: ['meta'], about };
		return {
			question,
			path: `/collections/${described}`,
			request: { method: 'PATCH' as const, body: { meta: { note: `note ${made}` } } },
		};
	}
	const body = { field: `extra_${made}`, type: 'string', schema: {} };
	const question = { collection: 'directus_fields', action: wanted, fields: Object.keys(body), about };
	return { question, path: `/fields/${described}`, request: { method: 'POST' as const, body } };
}

/** Another extension: by Directus's services without accountability, or past them with knex. */
async function stageExtension(who: 'system' | 'database', wanted: Action, target: string) {
	const attack =
		who === 'system'
			? { create: 'createOne', update: 'updateOne', delete: 'deleteOne' }[wanted]
			: { create: 'knexInsert', update: 'knexUpdate', delete: 'knexDelete' }[wanted];
	if (target === 'free_items')
		await sql(
			"insert into free_items (id, title) select n, 'again' from generate_series(1, 3) n on conflict (id) do update set title = excluded.title",
		);
	const question = { collection: target, action: wanted, fields: ['title'] };
	return { question, path: `/hostile/${attack}/${target}`, request: { method: 'POST' as const } };
}

function actorOf(who: Who): Record<string, unknown> {
	if (who === 'system' || who === 'database') return { surface: 'system' };
	return { user: who === 'public' ? null : ids[who] };
}

async function explained(who: Who, question: unknown): Promise<Explanation> {
	const answer = await as(who, '/governance/explain', { method: 'POST', body: question });
	expect(answer.status, answer.text).toBe(200);
	return at(answer.body, 'data') as Explanation;
}

const allRows = async () =>
	(
		await Promise.all(
			[...CONTENT, 'directus_folders', 'directus_fields', 'directus_collections'].map((table) =>
				instance.snapshot(table),
			),
		)
	).join('\n') + (await columns());

/** A field added to an empty collection shows in no row. */
const columns = async () =>
	JSON.stringify(
		await sql(
			`select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, 2`,
		),
	);

/** Asks, then does it, and compares; answers what was seen, for the count of kinds. */
async function explainThenWrite(one: Case): Promise<'refused' | 'allowed'> {
	const { question, path, request } = await stage(one);
	const told = await explained('admin', { ...question, actor: actorOf(one.who) });
	if (tokenOf(one.who)) {
		const { asked: _admins, ...byAdmin } = told;
		const { asked: _own, ...byItself } = await explained(one.who, question);
		expect(byItself).toEqual(byAdmin);
	}
	const before = await allRows();
	const answer = await as(one.who === 'system' || one.who === 'database' ? 'admin' : one.who, path, request);
	const changed = (await allRows()) !== before;
	const context = `${JSON.stringify(one)}: ${answer.status} ${answer.text}`;
	if (one.who === 'database') compareDatabase(told, answer, changed, context);
	else compareProcess(one, told, answer, changed, context);
	return told.verdict;
}

function compareProcess({ who }: Case, told: Explanation, answer: Answer, changed: boolean, context: string): void {
	const { code, reason, rule } = refusalOf(answer);
	if (told.verdict === 'refused') {
		expect({ status: answer.status, code, reason, rule }, context).toEqual({
			status: 403,
			code: told.code,
			reason: told.reason,
			rule: told.rule,
		});
		expect(refusalOf(answer).next, context).toBe(told.next);
		expect(changed, context).toBe(false);
		return;
	}
	expect(String(code), context).not.toMatch(OWN_CODES);
	// Only those whom Directus permits everything show that an allowed write happens.
	if (who !== 'admin' && who !== 'agent' && who !== 'system') return;
	expect(answer.status, context).toBeLessThan(300);
	expect(changed, context).toBe(true);
}

function compareDatabase({ layers }: Explanation, answer: Answer, changed: boolean, context: string): void {
	expect(layers.database.answer, context).toBe(changed ? 'does_not_look' : 'refuses');
	expect(answer.status, context).toBe(changed ? 200 : 403);
}

async function runCases(count: number, seed: number): Promise<Record<string, number>> {
	const seen: Record<string, number> = {};
	for (const one of fc.sample(anyCase, { seed, numRuns: count })) {
		const verdict = await explainThenWrite(one);
		seen[verdict] = (seen[verdict] ?? 0) + 1;
	}
	return seen;
}

async function applied(changes: Record<string, unknown>): Promise<void> {
	const file = join(instance.folder, `explain-${Object.keys(changes).length}-${Date.now()}.config.ts`);
	const base = fileURLToPath(new URL('./support/guard.config.ts', import.meta.url));
	await writeFile(
		file,
		`import base from ${JSON.stringify(base)};\nexport default { ...base, ...${JSON.stringify(changes)} };\n`,
	);
	await instance.apply(file);
	const [row] = await sql<{ g: string }>('select max(generation) as g from governance.policy');
	await until(async () => at((await as('admin', '/governance/health')).body, 'data', 'generation') === Number(row?.g));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 20_000;
	while (!(await holds())) {
		if (Date.now() > end) throw new Error('waited for 20 s in vain');
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

describe(`the answer is what then happens (EXPLAIN_SEED=${SEED})`, () => {
	test(`under the declaration of these tests, ${CASES_PER_POLICY} times`, { timeout: 240_000 }, async () => {
		const seen = await runCases(CASES_PER_POLICY, SEED);
		expect(seen.refused).toBeGreaterThan(0);
		expect(seen.allowed).toBeGreaterThan(0);
	});

	test(`under ${POLICIES} random declarations, ${CASES_PER_POLICY} times each`, { timeout: 480_000 }, async () => {
		for (const [n, changes] of fc.sample(declaration, { seed: SEED, numRuns: POLICIES }).entries()) {
			await applied(changes);
			await runCases(CASES_PER_POLICY, SEED + 1 + n);
		}
		await applied({});
	});

	test('for the rows that load the bundle', async () => {
		const [row] = await sql<{ id: string }>("select id from directus_extensions where folder = 'governed-guard'");
		const question = {
			collection: 'directus_extensions',
			action: 'update',
			fields: ['enabled'],
			about: { kind: 'bundle' },
		};
		for (const who of ['admin', 'agent'] as const) {
			const told = await explained('admin', { ...question, actor: actorOf(who) });
			const answer = await as(who, `/extensions/${row?.id}`, { method: 'PATCH', body: { meta: { enabled: false } } });
			const { code, reason, rule } = refusalOf(answer);
			expect({ code, reason, rule }, answer.text).toEqual({ code: told.code, reason: told.reason, rule: told.rule });
			expect(told.reason).toBe('BUNDLE_PROTECTED');
		}
	});
});

describe('who may ask', () => {
	const question = { collection: 'gov_items', action: 'update' };
	const ask = (who: Who, body: unknown) => as(who, '/governance/explain', { method: 'POST', body });

	test('nobody who is not signed in; about others only admins; each refusal is logged', async () => {
		for (const [who, body, status, code] of [
			['public', question, 401, 'UNAUTHENTICATED'],
			['editor', { ...question, actor: { user: ids.admin } }, 403, 'FORBIDDEN'],
			['editor', { ...question, actor: { role: EDITOR.role } }, 403, 'FORBIDDEN'],
		] as const) {
			const answer = await ask(who, body);
			expect(answer.status).toBe(status);
			expect(refusalOf(answer)).toMatchObject({ code });
			expect(answer.text).not.toMatch(/governed:|writable/);
		}
		expect((await ask('editor', { ...question, actor: { user: EDITOR.user, surface: 'ws' } })).status).toBe(200);
	});

	test('every fault of a question is named at once, and nothing of it is repeated', async () => {
		const answer = await ask('editor', {
			collection: 'x\u0000secret',
			action: 'drop',
			fields: [1],
			actor: { admin: 1 },
			on: true,
		});
		expect(answer.status).toBe(400);
		const { code, faults } = refusalOf(answer) as { code: string; faults: string[] };
		expect(code).toBe('INVALID_REQUEST');
		expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
			'action',
			'actor.admin',
			'collection',
			'fields.0',
			'on',
		]);
		expect(answer.text).not.toContain('secret');
	});

	test('a role and its descent are looked up as Directus does', async () => {
		const child = 'c0000000-0000-4000-8000-00000000000c';
		await sql('insert into directus_roles (id, name, parent) values ($1, $2, $3)', [child, 'Junior agent', AGENT.role]);
		const told = await explained('admin', { ...question, actor: { role: child } });
		expect(told.asked.actor).toMatchObject({ kind: 'agent', role: child, user: null });
		const strangers = await ask('admin', { ...question, actor: { user: child } });
		expect(strangers.status).toBe(400);
		for (const user of ["'; drop table x", '%', child.toUpperCase().replace(/C/g, 'G')]) {
			expect((await ask('admin', { ...question, actor: { user } })).status).toBe(400);
		}
	});
});

/** Last: a policy that nobody signed holds the instance for good. */
test(`on hold, ${CASES_ON_HOLD} times`, { timeout: 240_000 }, async () => {
	await sql('alter table governance.policy disable trigger all');
	await sql(
		'insert into governance.policy select generation + 1000, digest, jws, key_id, apply_id, now() from governance.policy order by generation desc limit 1',
	);
	await until(async () => (await as('admin', '/governance/health')).status === 503);
	const cases = fc.sample(fc.oneof(content, shape, folders), { seed: SEED, numRuns: CASES_ON_HOLD });
	for (const one of cases) expect(await explainThenWrite(one)).toBe('refused');
});
