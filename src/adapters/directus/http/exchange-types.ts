import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Accountability } from '../directus-types.ts';

/** An Express request as Directus hands it to an endpoint: authenticated, body already parsed. */
export interface HttpRequest extends IncomingMessage {
	accountability?: Accountability | null;
	body?: unknown;
	/** Bytes of a JSON body, set by Directus's parser. */
	rawBody?: Buffer;
	params: Record<string, string>;
	query: Record<string, unknown>;
}

export type HttpResponse = ServerResponse;

export type Handler = (request: HttpRequest, response: HttpResponse) => void;

/** The part of an Express router the endpoint uses. */
export interface HttpRouter {
	get(path: string, handler: Handler): unknown;
	post(path: string, handler: Handler): unknown;
	all(path: string, handler: Handler): unknown;
}
