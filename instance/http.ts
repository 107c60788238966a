/** What came back: status and parsed body (null when it was no JSON), whatever the status. */
export interface Answer {
	readonly status: number;
	readonly body: unknown;
	readonly text: string;
}

export interface Call {
	readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'SEARCH';
	readonly token?: string;
	readonly body?: unknown;
	/** Sent as it is, for bodies that are no JSON. */
	readonly raw?: string;
	readonly timeoutMs?: number;
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

/** One request; a refusal is an answer, only a lost connection throws. */
export async function call(
	url: string,
	{ method = 'GET', token, body, raw, timeoutMs = 20_000 }: Call = {},
): Promise<Answer> {
	const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
	const response = await fetch(url, {
		method,
		headers: {
			...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
			...(payload === undefined ? {} : { 'content-type': 'application/json' }),
		},
		...(payload === undefined ? {} : { body: payload }),
		signal: AbortSignal.timeout(timeoutMs),
	});
	const text = await response.text();
	return { status: response.status, body: parse(text), text };
}

/** The value at a path of keys in parsed JSON, undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
	let here: unknown = value;
	for (const key of path) {
		if (typeof here !== 'object' || here === null) return undefined;
		here = (here as Record<string | number, unknown>)[key];
	}
	return here;
}
