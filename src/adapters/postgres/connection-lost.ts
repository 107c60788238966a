/** SQLSTATE classes that say nothing about the statement: connection (08), shutdown and restart (57P0x), too many clients. */
const LOST = /^(08...|57P0[123]|53300)$/;

/** True when the outcome of a statement is unknown or it never ran, so that an idempotent one may be sent again. */
export function isConnectionLost(error: unknown): boolean {
	const code = (error as { code?: unknown } | null)?.code;
	if (typeof code !== 'string') return true;
	return code.length !== 5 || LOST.test(code) || /^E[A-Z]+$/.test(code);
}

/** True where the database said nothing about the question: no connection, a lock held by others, or no time left. */
export function cannotBeAsked(error: unknown): boolean {
	const code = (error as { code?: unknown } | null)?.code;
	return isConnectionLost(error) || code === '55P03' || code === '57014';
}
