import { createHash, randomBytes } from 'node:crypto';

/** Where a browser would be sent back to; nothing listens there, the code is read from the redirect. */
const CALLBACK = 'http://127.0.0.1:8976/callback';

export interface OAuthLogin {
	url: string;
	email: string;
	password: string;
}

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Goes through Directus's own OAuth for MCP as a client and a consenting person would; answers with the access token. */
export async function oauthToken({ url, email, password }: OAuthLogin): Promise<string> {
	const login = await fetch(`${url}/auth/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email, password, mode: 'session' }),
	});

	const cookie = login.headers
		.getSetCookie()
		.map((line) => line.split(';')[0])
		.join('; ');
	const client = await register(url);
	const verifier = randomBytes(32).toString('base64url');
	const code = await consent(url, cookie, client, createHash('sha256').update(verifier).digest('base64url'));

	const answer = await fetch(`${url}/mcp-oauth/token`, {
		method: 'POST',
		headers: FORM,
		body: form({
			grant_type: 'authorization_code',
			code,
			client_id: client,
			redirect_uri: CALLBACK,
			code_verifier: verifier,
			resource: `${url}/mcp`,
		}),
	});

	const { access_token: token } = (await answer.json()) as { access_token?: string };
	if (token === undefined) throw new Error(`no OAuth token: ${answer.status}`);
	return token;
}

async function register(url: string): Promise<string> {
	const answer = await fetch(`${url}/mcp-oauth/register`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({
			client_name: 'guard test',
			redirect_uris: [CALLBACK],
			grant_types: ['authorization_code'],
			response_types: ['code'],
			token_endpoint_auth_method: 'none',
		}),
	});

	if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
	return ((await answer.json()) as { client_id: string }).client_id;
}

async function consent(url: string, cookie: string, client: string, challenge: string): Promise<string> {
	const query = form({
		client_id: client,
		redirect_uri: CALLBACK,
		response_type: 'code',
		code_challenge: challenge,
		code_challenge_method: 'S256',
		scope: 'mcp:access',
		resource: `${url}/mcp`,
		state: 'guard-test',
	});

	const page = await (
		await fetch(`${url}/mcp-oauth/authorize?${query}`, { headers: { cookie }, redirect: 'manual' })
	).text();
	const signed = /name="signed_params" value="([^"]+)"/.exec(page)?.[1];
	if (signed === undefined) throw new Error(`no consent page: ${page.slice(0, 300)}`);

	const decision = await fetch(`${url}/mcp-oauth/authorize/decision`, {
		method: 'POST',
		headers: { ...FORM, cookie, origin: url },
		body: form({ signed_params: signed, approved: 'true' }),
		redirect: 'manual',
	});

	const code = new URL(decision.headers.get('location') ?? 'about:blank').searchParams.get('code');
	if (code === null) throw new Error(`no code: ${decision.status}`);
	return code;
}
