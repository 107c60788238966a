import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestInstance, type TestInstance } from '../../instance/harness.ts';
import { withClient } from '../../instance/roles.ts';
import { claimsIn } from '../../instance/walk/dispatch.ts';
import { walk } from '../../instance/walk/index.ts';
import type { WalkContext } from '../../instance/walk/row.ts';

let instance: TestInstance;
let context: WalkContext;

beforeAll(async () => {
	instance = await startTestInstance({ cluster: inject('cluster') });
	context = {
		directus_url: instance.url,
		admin_email: instance.adminEmail,
		admin_password: instance.adminPassword,
		admin_token: instance.adminToken,
		editor_token: instance.editorToken,
		agent_token: instance.agentToken,
		pg_url_directus: instance.database.directusUrl,
		pg_url_operator: instance.database.operatorUrl,
		executor_url: instance.executorUrl,
		pid: process.pid,
	};
});

afterAll(() => instance?.stop());

const sql = (...statements: string[]) =>
	withClient(instance.database.superuserUrl, async (client) => {
		for (const statement of statements) await client.query(statement);
	});

const failed = async () => (await walk(context)).rows.filter(({ ok }) => !ok).map(({ id }) => id);

describe('the walk', () => {
	test('finds every row as stated on a governed instance', async () => {
		const { ok, rows, before } = await walk(context);
		expect(rows.filter((row) => !row.ok)).toEqual([]);
		expect(ok).toBe(true);
		expect(before['public.dot_tools']).toMatchObject({
			rows: 309,
			digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
		});
	});

	test('finds E12 at fault when the database stops refusing', async () => {
		await sql('grant insert on public.dot_tools to directus', 'alter table public.dot_tools disable trigger user');
		expect(await failed()).toContain('E12');
		expect((await instance.apply()).code).toBe(0);
		expect(await failed()).toEqual([]);
	});

	test('finds E14 and E8 at fault when the executor is gone', async () => {
		await instance.executor()?.stop();
		// What an executor serves is remembered for one second.
		await wait(1_500);
		expect(await failed()).toEqual(expect.arrayContaining(['E8', 'E14']));
	});
});

describe('what a refusal must not carry', () => {
	test.each([
		[{ a: { digest: 'sha256:0' } }, ['digest']],
		[{ errors: [{ message: 'it is a PASS' }] }, ['PASS']],
		[{ Seal: {} }, ['Seal']],
		[{ errors: [{ extensions: { checks: [{ name: 'contract', result: 'pass' }] } }] }, []],
	])('%j', (value, claims) => expect(claimsIn(value)).toEqual(claims));
});
