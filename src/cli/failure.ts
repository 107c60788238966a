import pg from 'pg';
import { UsageFault } from './environment.ts';

const CONNECTION_TROUBLE = new Map([
	['ECONNREFUSED', 'nothing listens there'],
	['ENOTFOUND', 'the host name is unknown'],
	['ETIMEDOUT', 'no answer'],
	['28P01', 'the password is wrong'],
	['28000', 'this login is not allowed'],
	['3D000', 'that database does not exist'],
	['55P03', 'another operator or a long transaction holds the lock; try again'],
]);

/** One readable message for a failed command, without stack, SQL text or connection strings. */
export function describeFailure(error: unknown): string {
	if (error instanceof UsageFault) return [error.message, ...error.faults.map((fault) => `  - ${fault}`)].join('\n');
	if (!(error instanceof Error)) return `governed failed: ${String(error)}`;
	const code = 'code' in error ? String(error.code) : '';
	const trouble = CONNECTION_TROUBLE.get(code);
	if (trouble)
		return `The database of GOVERNED_OPERATOR_URL could not be used: ${trouble} (${code}). Nothing was changed.`;
	if (error instanceof pg.DatabaseError) return `PostgreSQL refused (${code}): ${error.message}. Nothing was changed.`;
	return `${error.message}${error.name === 'Error' ? '' : ` (${error.name})`}`;
}
