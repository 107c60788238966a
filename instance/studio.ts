import type { Browser, BrowserContext, Page } from 'playwright-core';
import { InstanceFault } from './fault.ts';

export interface StudioLogin {
	readonly url: string;
	readonly email: string;
	readonly password: string;
}

export interface StudioLook {
	readonly dark?: boolean;
	readonly width?: number;
	readonly height?: number;
}

/** A page of the Studio and what was noticed on it. */
export interface StudioPage {
	readonly page: Page;
	/** What the console called an error, and what no handler caught. */
	readonly complaints: string[];
	/** Addresses outside the instance that anything asked for. */
	readonly outside: string[];
}

/** One person in the Studio, logged in, with cookies and a cache of their own. */
export interface Studio {
	newPage(): Promise<StudioPage>;
	close(): Promise<void>;
}

/** Directus greets an admin with questions about their licence and opens its side bar; neither is of interest here. */
async function settle(context: BrowserContext, url: string): Promise<void> {
	await context.addCookies([{ name: 'license-onboarding-dismissed', value: 'true', url }]);
	await context.addInitScript("localStorage.setItem('sidebar-collapsed', 'true')");
}

/** The session cookie that the Studio's own login page would have got. */
async function logIn(context: BrowserContext, { email, password }: StudioLogin): Promise<void> {
	const answer = await context.request.post('/auth/login', { data: { email, password, mode: 'session' } });
	if (!answer.ok()) throw new InstanceFault(`Directus did not let ${email} in: ${answer.status()}`);
}

function isOutside(address: string, url: string): boolean {
	const { origin, protocol } = new URL(address);
	return /^(https?|wss?):$/.test(protocol) && origin.replace(/^ws/, 'http') !== url;
}

async function openPage(context: BrowserContext, url: string): Promise<StudioPage> {
	const page = await context.newPage();
	const [complaints, outside]: [string[], string[]] = [[], []];
	page.on('pageerror', ({ message }) => complaints.push(message));
	page.on('console', (line) => {
		if (line.type() === 'error') complaints.push(line.text());
	});
	page.on('request', (request) => {
		if (isOutside(request.url(), url)) outside.push(request.url());
	});
	return { page, complaints, outside };
}

export async function openStudio(browser: Browser, login: StudioLogin, look: StudioLook = {}): Promise<Studio> {
	const context = await browser.newContext({
		baseURL: login.url,
		colorScheme: look.dark ? 'dark' : 'light',
		locale: 'en-GB',
		timezoneId: 'UTC',
		viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
	});
	await settle(context, login.url);
	await logIn(context, login);
	return { newPage: () => openPage(context, login.url), close: () => context.close() };
}
