/**
 * Draws the pictures of the Studio in docs/images anew, from an instance of this clone that is gone afterwards.
 *
 *   node scripts/screenshots.ts
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { REPOSITORY } from '../instance/bundle.ts';
import { startChromium } from '../instance/chromium.ts';
import { startTestInstance, type TestInstance } from '../instance/harness.ts';
import { type Call, call } from '../instance/http.ts';
import { openStudio } from '../instance/studio.ts';
import { ensureBuilt } from './ensure-built.ts';

const FOLDER = join(REPOSITORY, 'docs', 'images');
const WIDTH = 1440;
const PICTURES = [
	{ file: 'studio-posture.png', dark: false },
	{ file: 'studio-posture-dark.png', dark: true },
];

/** What agents, editors and admins try in the README, so that the pictures show what came of it. */
const ATTEMPTS: readonly { who: 'admin' | 'editor' | 'agent'; path: string; body: unknown }[] = [
	{ who: 'editor', path: '/items/dot_tools', body: { code: 'DOT_MINE', title: 'Mine' } },
	{
		who: 'agent',
		path: '/governance/dispatch',
		body: { tool: 'DOT_KG_EXPLAIN', mode: 'REAL_RUN', correlation_id: 'shot-1' },
	},
	{
		who: 'agent',
		path: '/governance/dispatch',
		body: { tool: 'DOT_C1_VOCAB_BUILD', mode: 'PLAN_ONLY', correlation_id: 'shot-2' },
	},
	{ who: 'admin', path: '/items/governance_canonical_operation_vocab', body: { operation: 'inspect' } },
];

function ask(instance: TestInstance, path: string, options: Call) {
	return call(`${instance.url}${path}`, options);
}

async function fill(instance: TestInstance): Promise<void> {
	const { adminToken: admin, editorToken: editor, agentToken: agent } = instance;
	const tokens = { admin, editor, agent };
	await ask(instance, '/settings', { method: 'PATCH', token: admin, body: { project_name: 'Governed instance' } });
	for (const { who, path, body } of ATTEMPTS) {
		const { status, text } = await ask(instance, path, { method: 'POST', token: tokens[who], body });
		if (status < 400) throw new Error(`${path} was not refused: ${text}`);
	}
}

/** The window grows to what the page holds, so that nothing is cut off. */
async function showAll(page: Page): Promise<void> {
	await page
		.locator('.latest-refusals tbody tr')
		.nth(ATTEMPTS.length - 1)
		.waitFor();
	const height = await page.locator('.posture-page').evaluate((element) => element.getBoundingClientRect().bottom);
	await page.setViewportSize({ width: WIDTH, height: Math.ceil(height) });
	await page.evaluate('document.fonts.ready');
	await page.mouse.move(WIDTH / 2, height - 2);
}

async function shoot(browser: Browser, instance: TestInstance, file: string, dark: boolean): Promise<void> {
	const login = { url: instance.url, email: instance.adminEmail, password: instance.adminPassword };
	const studio = await openStudio(browser, login, { dark, width: WIDTH });
	const { page } = await studio.newPage();
	await page.goto('/admin/governance');
	await showAll(page);
	await page.screenshot({ path: join(FOLDER, file), animations: 'disabled' });
	process.stderr.write(`drew docs/images/${file}\n`);
	await studio.close();
}

await ensureBuilt();
mkdirSync(FOLDER, { recursive: true });
const browser = await startChromium();
try {
	const instance = await startTestInstance();
	try {
		await fill(instance);
		for (const { file, dark } of PICTURES) await shoot(browser, instance, file, dark);
	} finally {
		await instance.stop();
	}
} finally {
	await browser.close();
}
