import { createHmac, randomBytes } from 'node:crypto';
import type { DispatchCaller } from '../../../service/dispatch/caller.ts';
import type { HttpRequest } from './exchange-types.ts';

/** Who asks, and what stands for where from. */
export interface Requester {
	caller: DispatchCaller | null;
	address: string;
}

/** New in each process: the log can tell addresses apart for a while and can never be asked for one. */
const ADDRESS_KEY = randomBytes(32);

/** A share authenticates a link, not a person: it can neither dispatch nor read governance data. */
export function requesterOf({ accountability, socket }: HttpRequest): Requester {
	const address = createHmac('sha256', ADDRESS_KEY)
		.update(accountability?.ip ?? socket.remoteAddress ?? '')
		.digest('hex')
		.slice(0, 16);
	if (!accountability || accountability.share !== undefined) return { caller: null, address };
	const { user, role, roles, admin } = accountability;
	if (!user && !role && admin !== true) return { caller: null, address };
	return { caller: { user: user ?? null, role: role ?? null, roles: roles ?? [], admin: admin === true }, address };
}

/** Size of the body in bytes: as parsed, or as announced where Directus parsed nothing. */
export function bodyBytes({ rawBody, headers }: HttpRequest): number {
	return rawBody?.length ?? (Number(headers['content-length'] ?? 0) || 0);
}
