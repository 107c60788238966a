/** Where Directus answers and as whom; the token never appears in a result. */
export interface DirectusAccess {
	url: string;
	token: string;
}

/** How long one answer may take, in milliseconds. */
export const ANSWER_TIMEOUT_MS = 15_000;

export interface DirectusAnswer {
	status: number;
	body: unknown;
}

/** One request; `body` is sent as JSON unless it is a form. Rejects when nothing answers. */
export async function ask(
	{ url, token }: DirectusAccess,
	path: string,
	{ method = 'GET', body }: { method?: string; body?: unknown } = {},
): Promise<DirectusAnswer> {
	const form = body instanceof FormData;
	const response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
		method,
		headers: {
			authorization: `Bearer ${token}`,
			...(form || body === undefined ? {} : { 'content-type': 'application/json' }),
		},
		...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
		signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
		redirect: 'error',
	});
	const text = await response.text();
	return { status: response.status, body: parsed(text) };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
