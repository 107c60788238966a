import autocannon from 'autocannon';

export interface Load {
	url: string;
	token: string;
	/** Body of request number n; absent: GET. */
	body?: (n: number) => unknown;
	/** The one status every answer must have: a benchmark of the wrong answer measures nothing. */
	status: number;
	seconds: number;
	connections: number;
}

/** Requests answered per second. Throws when any answer had another status. */
export async function requestsPerSecond({ url, token, body, status, seconds, connections }: Load): Promise<number> {
	let n = 0;
	const request: autocannon.Request = {
		method: body ? 'POST' : 'GET',
		headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
		...(body ? { setupRequest: (base: autocannon.Request) => ({ ...base, body: JSON.stringify(body(n++)) }) } : {}),
	};
	const result = await autocannon({ url, connections, duration: seconds, requests: [request] });
	const others = Object.entries(result.statusCodeStats ?? {}).filter(([code]) => Number(code) !== status);
	if (others.length > 0 || result.errors > 0 || result.timeouts > 0) {
		const seen = others.map(([code, { count }]) => `${count} × ${code}`).join(', ');
		throw new Error(
			`${url}: expected ${status}, saw ${seen || 'errors'} (${result.errors} errors, ${result.timeouts} timeouts)`,
		);
	}
	return result.requests.total / result.duration;
}
