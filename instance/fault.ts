/**
 * A condition a person can act on: the message is complete in itself and is shown without a stack.
 * Everything else that is thrown in `instance/` is a bug.
 */
export class InstanceFault extends Error {
	override readonly name = 'InstanceFault';
}

/** The text of anything that was thrown, without its stack. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The `code` Node and PostgreSQL put on their errors (`ENOSPC`, `42501`, …), or an empty string. */
export function codeOf(error: unknown): string {
	if (typeof error !== 'object' || error === null || !('code' in error)) return '';
	return typeof error.code === 'string' ? error.code : '';
}
