import { setTimeout as wait } from 'node:timers/promises';

/** What Directus answers for the bundle: `absent` where no such route is, `unknown` where nobody answers. */
export interface BundleAnswer {
	state: 'in_force' | 'hold' | 'absent' | 'unknown';
	detail: string;
}

const TIMEOUT_MS = 5_000;
/** A bundle looks at the database every five seconds: what was just mended may take one look to be seen. */
const PATIENCE = 3;
const AGAIN_MS = 3_000;

/**
 * Asks `GET /governance/health` at GOVERNED_DIRECTUS_URL with GOVERNED_DIRECTUS_TOKEN; null where no URL is set. A Directus
 * that does not answer is `unknown`: deploys run while it is down, and the database is asked apart.
 */
export async function askBundle(environment: NodeJS.ProcessEnv = process.env): Promise<BundleAnswer | null> {
	const { GOVERNED_DIRECTUS_URL: url, GOVERNED_DIRECTUS_TOKEN: token } = environment;
	if (!url) return null;
	for (let turn = 1; ; turn += 1) {
		const answer = await askOnce(url, token);
		if (answer.state !== 'hold' || turn === PATIENCE) return answer;
		await wait(AGAIN_MS);
	}
}

async function askOnce(url: string, token: string | undefined): Promise<BundleAnswer> {
	try {
		const response = await fetch(`${url.replace(/\/+$/, '')}/governance/health`, {
			headers: token ? { authorization: `Bearer ${token}` } : {},
			signal: AbortSignal.timeout(TIMEOUT_MS),
			redirect: 'error',
		});
		const body = (await response.json().catch(() => null)) as {
			errors?: { extensions?: { code?: unknown; reason?: unknown } }[];
		} | null;
		if (response.ok) return { state: 'in_force', detail: '' };
		const said = body?.errors?.[0]?.extensions;
		if (said?.code === 'GOVERNANCE_HOLD') return { state: 'hold', detail: String(said.reason ?? '') };
		if (response.status === 404) return { state: 'absent', detail: 'Directus runs without the bundle' };
		return { state: 'unknown', detail: `status ${response.status}` };
	} catch {
		return { state: 'unknown', detail: 'no answer' };
	}
}
