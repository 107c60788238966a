import type { Answer } from '../../../instance/http.ts';
import type { Actor, Side, Told } from './types.ts';

export const told = ({ status, text }: Answer): Told => ({ status, text });

type Method = 'POST' | 'PATCH' | 'DELETE' | 'SEARCH' | 'GET';

/** An attack that is one request. The path may depend on the side, as ids made by `arrange` do. */
export const request =
	(method: Method, path: string | ((side: Side) => string), body?: unknown | ((side: Side) => unknown)) =>
	async (side: Side, actor: Actor): Promise<Told> => {
		const payload = typeof body === 'function' ? (body as (side: Side) => unknown)(side) : body;
		const where = typeof path === 'function' ? path(side) : path;
		return told(await side.as(actor, where, { method, ...(payload === undefined ? {} : { body: payload }) }));
	};
