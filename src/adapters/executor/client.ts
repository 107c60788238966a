import { capabilitiesSchema } from '../../contracts/executor.ts';
import type { ExecutorAnswer } from '../../service/ports/executor-directory.ts';
import { type ExchangeLimits, getJson } from './exchange.ts';

/** A whole `/capabilities` is a few KB a tool; 256 KiB hold some hundred tools with large schemas. */
const DEFAULT_LIMITS: ExchangeLimits = { timeoutMs: 2_000, maxBytes: 262_144 };

export interface ExecutorClient {
	/** Asks `GET <url>/capabilities` once. Never throws. */
	readCapabilities(url: string): Promise<ExecutorAnswer>;
}

/** Client of executors, none of which is trusted. `timeoutMs` and `maxBytes` bound each whole exchange. */
export function createExecutorClient(limits: Partial<ExchangeLimits> = {}): ExecutorClient {
	const bounds = { ...DEFAULT_LIMITS, ...limits };
	return {
		async readCapabilities(url) {
			const target = endpoint(url, 'capabilities');
			if (target === null) return invalid('its address is not a plain http or https URL');
			const exchange = await getJson(target, bounds);
			return exchange.kind === 'ok' ? judge(exchange.body) : exchange;
		},
	};
}

/** Credentials in the address would end up in logs; a grant is what authorizes. */
function endpoint(base: string, path: string): URL | null {
	if (!URL.canParse(base)) return null;
	const url = new URL(base);
	if (!['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') return null;
	url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
	url.search = '';
	url.hash = '';
	return url;
}

function judge(body: unknown): ExecutorAnswer {
	const capabilities = parseCapabilities(body);
	if (capabilities === null) return invalid('its capabilities do not have the agreed shape');
	const codes = capabilities.tools.map(({ code }) => code);
	if (new Set(codes).size !== codes.length) return invalid('its capabilities list a tool twice');
	return { kind: 'ok', capabilities };
}

/** JSON nested deeply enough exhausts the stack of any recursive check; that is the sender's fault, not ours. */
function parseCapabilities(body: unknown) {
	try {
		return capabilitiesSchema.safeParse(body).data ?? null;
	} catch {
		return null;
	}
}

const invalid = (detail: string): ExecutorAnswer => ({ kind: 'invalid', detail });
