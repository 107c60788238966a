import type { GrantReason } from './grants.ts';

/** Why the executor answers with anything but a result. What DESIGN.md §5 names keeps its name. */
export type ExecutorReason =
	| GrantReason
	| 'INVALID_REQUEST'
	| 'INPUT_SCHEMA_MISMATCH'
	| 'PAYLOAD_TOO_LARGE'
	| 'UNKNOWN_TOOL'
	| 'UNKNOWN_ROUTE'
	| 'GOVERNANCE_HOLD'
	| 'EXECUTOR_TIMEOUT'
	| 'EXECUTOR_FAULT';

/** One fault of a request: where, and what is wrong. Never holds the value that was sent. */
export interface RequestFault {
	path: string;
	problem: string;
}

export interface Refusal {
	reason: ExecutorReason;
	detail: string;
	faults?: readonly RequestFault[];
}

const STATUS: Record<ExecutorReason, number> = {
	INVALID_REQUEST: 400,
	INPUT_SCHEMA_MISMATCH: 400,
	GRANT_REQUIRED: 403,
	GRANT_INVALID: 403,
	GRANT_EXPIRED: 403,
	GRANT_EXHAUSTED: 403,
	GRANT_REVOKED: 403,
	GRANT_SCOPE_MISMATCH: 403,
	UNKNOWN_TOOL: 404,
	UNKNOWN_ROUTE: 404,
	PAYLOAD_TOO_LARGE: 413,
	EXECUTOR_FAULT: 500,
	GOVERNANCE_HOLD: 503,
	EXECUTOR_TIMEOUT: 504,
};

/** HTTP status and body of a refusal, in the shape Directus gives its errors. */
export function refusalResponse({ reason, detail, faults }: Refusal): { status: number; body: object } {
	const extensions = { code: 'EXECUTOR_REFUSED', reason, ...(faults ? { faults } : {}) };
	return { status: STATUS[reason], body: { errors: [{ message: `[REFUSED] ${detail}`, extensions }] } };
}
