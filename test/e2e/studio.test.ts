import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { startChromium } from '../../instance/chromium.ts';
import { startTestInstance, type TestInstance } from '../../instance/harness.ts';
import { at, call } from '../../instance/http.ts';
import { EDITOR } from '../../instance/principals.ts';
import { withClient } from '../../instance/roles.ts';
import { openStudio, type Studio, type StudioPage } from '../../instance/studio.ts';

const ADMINS_ONLY = fileURLToPath(new URL('./support/studio.config.ts', import.meta.url));
const EDITOR_LOGIN = { email: 'editor@example.com', password: 'only-for-this-test' };
/** The page reads every 15 s, the bundle its policy every 5 s; the rest is a busy machine. */
const LIVE_MS = 45_000;

type Person = 'admin' | 'editor';

let instance: TestInstance;
let browser: Browser;
let beforeApply: string;
const studios = new Map<Person, Promise<Studio>>();
const open: Page[] = [];

beforeAll(async () => {
	browser = await startChromium();
	instance = await startTestInstance({ cluster: inject('cluster'), governed: false });
	const { page } = await visit('admin');
	beforeApply = (await page.locator('.posture-page h2').first().textContent()) ?? '';
	await instance.apply();
	await instance.restartDirectus();
	const path = `${instance.url}/users/${EDITOR.user}`;
	await call(path, { method: 'PATCH', token: instance.adminToken, body: EDITOR_LOGIN });
});

afterEach(async () => {
	for (const page of open.splice(0)) await page.close();
});

afterAll(async () => {
	await browser?.close();
	await instance?.stop();
});

/** One login each: its session outlives a restart of Directus, and its cache spares loading the Studio anew. */
function studioOf(who: Person): Promise<Studio> {
	const { url, adminEmail: email, adminPassword: password } = instance;
	const login = who === 'admin' ? { email, password } : EDITOR_LOGIN;
	const studio = studios.get(who) ?? openStudio(browser, { url, ...login });
	studios.set(who, studio);
	return studio;
}

/** Opens the module as somebody and waits until it has drawn something but its skeleton. */
async function visit(who: Person, prepare?: (page: Page) => Promise<void>): Promise<StudioPage> {
	const visited = await (await studioOf(who)).newPage();
	open.push(visited.page);
	await prepare?.(visited.page);
	await visited.page.goto('/admin/governance');
	await visited.page.locator('.posture-page:not([data-reading="loading"])').waitFor();
	return visited;
}

async function posture(): Promise<unknown> {
	const answer = await call(`${instance.url}/governance/posture`, { token: instance.adminToken });
	return at(answer.body, 'data');
}

const text = async (page: Page, selector: string) => (await page.locator(selector).first().textContent()) ?? '';
const checkAgain = (page: Page) => page.getByRole('button', { name: 'Check again' });

async function refuseOneWrite(): Promise<void> {
	const body = { code: 'DOT_FROM_THE_STUDIO' };
	const answer = await call(`${instance.url}/items/dot_tools`, { method: 'POST', token: instance.adminToken, body });
	expect(answer.status).toBe(403);
}

/** Rewrites the signature of the policy in force as a superuser would, past every trigger; returns how to put it back. */
async function tamperWithPolicy(): Promise<() => Promise<void>> {
	const rewrite = (expression: string) =>
		withClient(instance.database.superuserUrl, async (client) => {
			await client.query('alter table governance.policy disable trigger user');
			await client.query(
				`update governance.policy set jws = ${expression} where generation = (select max(generation) from governance.policy)`,
			);
			// As apply left them: a guard that does not always fire would hold the instance by itself.
			for (const name of ['a_assert_safe', 'z_block_after'])
				await client.query(`alter table governance.policy enable always trigger governance_${name}`);
		});
	await rewrite(`jws || 'x'`);
	return () => rewrite(`left(jws, -1)`);
}

describe('the posture page', () => {
	test('before anything is applied it says that nothing is governed', () => {
		expect(beforeApply).toContain('Nothing is governed yet');
	});

	test('shows an admin what the server says, and nothing leaves the instance', async () => {
		await refuseOneWrite();
		const { page, complaints, outside } = await visit('admin');
		const server = await posture();

		expect(page.url()).toBe(`${instance.url}/admin/governance/posture`);
		expect(await text(page, '.alarm-list')).toContain(`generation ${at(server, 'generation')}`);
		expect(await text(page, '.instance-facts')).toContain(String(at(server, 'instance', 'id')));
		for (const [gate, on] of Object.entries(at(server, 'gates') as object)) {
			const row = page.locator('.gate-switches .fact-row', { hasText: gate });
			expect(await row.locator('dd').textContent()).toContain(on ? 'On' : 'Off');
		}
		for (const { collection } of at(server, 'governed') as { collection: string }[])
			await page.locator('.governed-collections').getByText(collection, { exact: true }).waitFor({ state: 'attached' });
		expect(await text(page, '.guard-layers')).toContain('Not demonstrated');
		expect(await text(page, '.latest-refusals tbody tr')).toContain('dot_tools.create');

		expect(complaints).toEqual([]);
		expect(outside).toEqual([]);
	});

	test('refreshes without drawing anew what did not change', async () => {
		const { page } = await visit('admin');
		const facts = page.locator('.instance-facts .fact-row').first();
		const refusals = page.locator('.latest-refusals');
		await refusals.locator('tbody tr, .v-notice').first().waitFor();
		const rows = await refusals.locator('tbody tr').count();
		await facts.evaluate((element) => element.setAttribute('data-mark', 'same'));

		for (let more = rows; more < 2; more += 1) await refuseOneWrite();
		await refuseOneWrite();
		await checkAgain(page).click();
		await refusals
			.locator('tbody tr')
			.nth(rows === 0 ? 0 : 1)
			.waitFor();
		expect(await facts.getAttribute('data-mark')).toBe('same');
	});

	test('is usable by keyboard alone', async () => {
		const { page } = await visit('admin');
		const focused = () => page.evaluate('document.activeElement.textContent');
		for (let n = 0; n < 40 && String(await focused()).trim() !== 'Check again'; n += 1)
			await page.keyboard.press('Tab');
		const asked = page.waitForRequest(/\/governance\/posture$/);
		await page.keyboard.press('Enter');
		await asked;
	});

	test('shows text from the log as text', async () => {
		const hostile = `<img src="x" onerror="document.title = 'broken in'">`;
		const body = {
			v: 1,
			kind: 'refusal',
			at: hostile,
			surface: hostile,
			reason: hostile,
			collection: hostile,
			action: 'create',
		};
		await withClient(instance.database.directusUrl, (client) =>
			client.query('select governance.append_evidence($1)', [
				JSON.stringify([{ id: crypto.randomUUID(), body: JSON.stringify(body) }]),
			]),
		);
		const { page } = await visit('admin');
		await page.locator('.latest-refusals').getByText(`${hostile}.create`).waitFor({ state: 'attached' });
		expect(await page.title()).not.toBe('broken in');
		expect(await page.locator('.latest-refusals img').count()).toBe(0);
	});

	test('shows an editor the posture, and says why the refusals are not shown, asking once only', async () => {
		const { page } = await visit('editor');
		expect(await text(page, '.alarm-list')).toContain('No alarms');
		expect(await text(page, '.latest-refusals .v-notice')).toContain('Not shown to you');

		const asked: string[] = [];
		page.on('request', (request) => asked.push(new URL(request.url()).pathname));
		await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
		await expect.poll(() => asked).toContain('/governance/posture');
		expect(asked).not.toContain('/governance/evidence');
	});

	test('shows an editor nothing of it where policy says admins only', async () => {
		await instance.apply(ADMINS_ONLY);
		try {
			await expect.poll(editorsStatus, { timeout: LIVE_MS }).toBe(403);
			const { page } = await visit('editor');
			const shown = await text(page, '.posture-page');
			expect(shown).toContain('Not shown to you');
			expect(shown).toContain('Governance is in force');
			expect(shown).not.toContain('dispatch_enabled');
		} finally {
			await instance.apply();
			await expect.poll(editorsStatus, { timeout: LIVE_MS }).toBe(200);
		}
	});

	test('turns to hold by itself while it is open, and back', async () => {
		const { page } = await visit('admin');
		const restore = await tamperWithPolicy();
		try {
			await page.locator('.alarm-list .hold').waitFor({ timeout: LIVE_MS });
			const notice = await text(page, '.alarm-list .hold');
			expect(notice).toMatch(/On hold: POLICY_/);
			expect(notice).toContain('governed doctor');
			expect(await page.locator('.alarm-list .calm').count()).toBe(0);
		} finally {
			await restore();
		}
		await expect
			.poll(() => posture().then((data) => at(data, 'state')), { timeout: LIVE_MS, interval: 250 })
			.toBe('active');
		await checkAgain(page).click();
		await page.locator('.alarm-list .calm').waitFor();
	});

	test('keeps showing what it knew when the server stops answering, and says so', async () => {
		const { page } = await visit('admin');
		await page.route('**/governance/**', (route) => route.abort());
		await checkAgain(page).click();
		await page.locator('.stale').waitFor();
		expect(await text(page, '.gate-switches')).toContain('dry_run_only');
		await page.unroute('**/governance/**');
		await checkAgain(page).click();
		await page.locator('.stale').waitFor({ state: 'detached' });
	});

	test('has a state for waiting and for no answer at all', async () => {
		let answer: () => void = () => undefined;
		const waiting = new Promise<void>((resolve) => {
			answer = resolve;
		});
		const { page } = await visit('admin', async (page) => {
			await page.route('**/governance/posture', async (route) => {
				await page.locator('.posture-page[data-reading="loading"] .v-skeleton-loader').first().waitFor();
				answer();
				await route.abort();
			});
		});
		await waiting;
		expect(await text(page, '.posture-page h2')).toContain('The posture could not be read');
	});
});

async function editorsStatus(): Promise<number> {
	return (await call(`${instance.url}/governance/posture`, { token: instance.editorToken })).status;
}
