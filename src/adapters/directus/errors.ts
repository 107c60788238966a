import { createError } from '@directus/errors';
import type { WriteRefusalCode } from '../../core/reasons.ts';
import { refusalMessage, type WriteRefusal } from '../../service/guard/refusal.ts';

/** What stands in `extensions` beside the code, which Directus puts there itself. */
export type RefusalExtensions = Omit<WriteRefusal, 'code'>;

/** Every refused write answers 403 over REST. Source: DESIGN.md §5. */
const REFUSED_WRITE_STATUS = 403;

const messageFrom = (code: WriteRefusalCode) => (extensions: RefusalExtensions) =>
	refusalMessage({ code, ...extensions });

const refusedWrite = (code: WriteRefusalCode) =>
	createError<RefusalExtensions>(code, messageFrom(code), REFUSED_WRITE_STATUS);

const ERRORS = {
	GOVERNED_WRITE_DENIED: refusedWrite('GOVERNED_WRITE_DENIED'),
	GOVERNED_STRUCTURE_LOCKED: refusedWrite('GOVERNED_STRUCTURE_LOCKED'),
	FLOW_NOT_ALLOWED: refusedWrite('FLOW_NOT_ALLOWED'),
	GOVERNANCE_HOLD: refusedWrite('GOVERNANCE_HOLD'),
} as const satisfies Record<WriteRefusalCode, unknown>;

/** The error Directus turns into an answer on every surface. */
export function directusError({ code, ...extensions }: WriteRefusal): Error {
	return new ERRORS[code](extensions);
}

/**
 * Turns an error that Directus already holds into the same shape, in place: whoever catches it later sees the refusal.
 * Directus tells its errors by `name`. What PostgreSQL and knex put on it (statement, values, detail) goes.
 */
export function becomeDirectusError(error: object, refusal: WriteRefusal): void {
	for (const key of Object.keys(error)) delete (error as Record<string, unknown>)[key];

	const { code, ...extensions } = refusal;
	const message = refusalMessage(refusal);
	const stack = `DirectusError: ${message}`;
	Object.assign(error, { name: 'DirectusError', message, stack, code, status: REFUSED_WRITE_STATUS, extensions });
}
