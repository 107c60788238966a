import { nextStep, whyRefused } from '../../../core/dispatch-texts.ts';
import type { RecordedAnswer } from '../../../service/dispatch/ports.ts';
import type { ReadRefusal } from '../../../service/posture/read-access.ts';
import type { HttpResponse } from './exchange-types.ts';
import { statusOf } from './reason-status.ts';

/**
 * Answers with the text given. Answers are written here and not thrown as Directus errors: its error handler lets other
 * extensions rewrite them, and a recorded answer must leave byte for byte as it was stored.
 */
function sendJson(response: HttpResponse, status: number, json: string): void {
	response.statusCode = status;
	response.setHeader('Content-Type', 'application/json; charset=utf-8');
	response.setHeader('Content-Length', Buffer.byteLength(json));
	response.setHeader('Cache-Control', 'no-store');
	response.end(json);
}

export function sendData(response: HttpResponse, data: unknown): void {
	sendJson(response, 200, JSON.stringify({ data }));
}

/** The shape of Directus's own errors. */
export function sendError(
	response: HttpResponse,
	status: number,
	message: string,
	extensions: { code: string } & Record<string, unknown>,
): void {
	sendJson(response, status, JSON.stringify({ errors: [{ message, extensions }] }));
}

export function sendAnswer(response: HttpResponse, { reason, message, json }: RecordedAnswer): void {
	const text =
		reason === null ? `{"data":${json}}` : `{"errors":[{"message":${JSON.stringify(message)},"extensions":${json}}]}`;
	sendJson(response, statusOf(reason), text);
}

const REFUSAL_STATUS = { UNAUTHENTICATED: 401, FORBIDDEN: 403 } as const;

/** Who may not read is told why, and what to do instead. */
export function sendReadRefusal(response: HttpResponse, { code, evidence, next }: ReadRefusal): void {
	const extensions = { code, reason: code, evidence, next };
	sendError(response, REFUSAL_STATUS[code], `[REFUSED] ${code.toLowerCase()}`, extensions);
}

/** What cannot be known is a hold, never an empty answer. */
export function sendHold(response: HttpResponse, detail: string): void {
	sendError(response, 503, `[REFUSED] ${whyRefused('GOVERNANCE_HOLD')}`, {
		code: 'GOVERNANCE_HOLD',
		reason: detail,
		next: nextStep('GOVERNANCE_HOLD'),
	});
}
