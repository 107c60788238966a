import type { DispatchReason } from './reasons.ts';

interface ReasonText {
	/** Ends the message of a refusal: why, in one clause. */
	why: string;
	/** The lawful next step. */
	next: string;
}

/** What a refusal says to a person. A mapped type, so that a new reason does not compile without its texts. */
const TEXTS: { readonly [Reason in DispatchReason]: ReasonText } = {
	INVALID_REQUEST: {
		why: 'the request does not have the shape of a dispatch',
		next: 'Send exactly tool, mode and correlation_id, with input and grant where needed, as the failed checks say.',
	},
	INVALID_MODE: {
		why: 'no such mode',
		next: 'Send the request again with mode PLAN_ONLY or DRY_RUN.',
	},
	INVALID_CORRELATION_ID: {
		why: 'the correlation id is missing or malformed',
		next: 'Send a correlation_id of 1 to 128 letters, digits, dots, underscores, colons or hyphens, new for each request.',
	},
	INPUT_SCHEMA_MISMATCH: {
		why: 'the input does not match the schema of the contract',
		next: 'Correct the fields the failed checks name and dispatch again with a new correlation_id.',
	},
	UNAUTHENTICATED: {
		why: 'nobody is signed in',
		next: 'Send the request with a Directus token of a user; shares cannot dispatch.',
	},
	REAL_RUN_REFUSED: {
		why: 'a real run does not exist',
		next: 'Dispatch with mode DRY_RUN and hand the packet to an operator; no setting makes a real run possible.',
	},
	GATE_CLOSED: {
		why: 'the gate dispatch_enabled is closed',
		next: 'Ask the operator to open dispatch_enabled in directus.config.ts and to run governed apply.',
	},
	CALLER_NOT_IN_CONTRACT: {
		why: 'the contract does not name this caller',
		next: 'Ask the operator to name your role or user under callers of the contract and to run governed apply.',
	},
	MODE_NOT_IN_CONTRACT: {
		why: 'the contract does not offer this mode',
		next: 'Dispatch in a mode the contract offers, with a new correlation_id.',
	},
	SIDE_EFFECTS_DECLARED: {
		why: 'the tool declares side effects',
		next: 'Ask the operator for a contract whose side_effects are none; nothing else can be dispatched.',
	},
	GRANT_REQUIRED: {
		why: 'a dry run needs a grant',
		next: 'Ask the operator to mint a grant for this tool and caller, or dispatch with mode PLAN_ONLY.',
	},
	GRANT_INVALID: {
		why: 'this grant is not one the operator minted',
		next: 'Ask the operator to mint a grant for this tool and caller; send it unchanged.',
	},
	GRANT_EXPIRED: {
		why: 'the grant has expired',
		next: 'Ask the operator to mint a new grant, and dispatch with a new correlation_id.',
	},
	GRANT_EXHAUSTED: {
		why: 'the grant has been used as often as it allows',
		next: 'Ask the operator to mint a new grant, and dispatch with a new correlation_id.',
	},
	GRANT_REVOKED: {
		why: 'the grant was revoked',
		next: 'Ask the operator why the grant was revoked; a new one needs a new mint.',
	},
	GRANT_SCOPE_MISMATCH: {
		why: 'the grant is for another tool, caller, mode or contract',
		next: 'Use the grant that was minted for this tool and caller, or ask the operator to mint one.',
	},
	UNKNOWN_TOOL: {
		why: 'no such tool is registered',
		next: 'Look the code up in dot_tools; if it is missing, ask the operator to declare it and to run governed apply.',
	},
	NO_AGENT_API_CONTRACT: {
		why: 'no agent_api contract',
		next: 'Ask the operator to declare a contract for this tool in directus.config.ts and to run governed apply.',
	},
	CORRELATION_ID_REUSED: {
		why: 'this correlation id already stands for a different request',
		next: 'Send the request again with a new correlation_id.',
	},
	CORRELATION_ID_IN_PROGRESS: {
		why: 'the same request is still in flight',
		next: 'Send the same request again in a few seconds to receive its answer.',
	},
	MUTATION_DETECTED: {
		why: 'governed data changed during the run',
		next: 'Stop and ask the operator to run governed verify; the instance holds until then.',
	},
	CONTENDED: {
		why: 'others changed governed data lawfully during the run',
		next: 'Dispatch again with a new correlation_id when the writers are done.',
	},
	PAYLOAD_TOO_LARGE: {
		why: 'the request is larger than allowed',
		next: 'Send a smaller input: 64 KiB for the whole request, and less where the contract says so.',
	},
	RATE_LIMITED: {
		why: 'the contract allows fewer requests a minute',
		next: 'Wait a minute, then send the same request again.',
	},
	EXECUTOR_INVALID_RESPONSE: {
		why: 'the executor gave an answer that breaks its protocol',
		next: 'Ask the operator to check the executor with governed doctor, then use a new correlation_id.',
	},
	ENDPOINT_ABSENT: {
		why: 'no executor serves this tool',
		next: 'Ask the operator to deploy an executor that serves this tool, then use a new correlation_id.',
	},
	EXECUTOR_UNREACHABLE: {
		why: 'the executor cannot be reached',
		next: 'Ask the operator to start the executor, then use a new correlation_id.',
	},
	GOVERNANCE_HOLD: {
		why: 'governance holds',
		next: 'Ask the operator to read GET /governance/posture and to run governed doctor; nothing proceeds until then.',
	},
	EXECUTOR_TIMEOUT: {
		why: 'the executor did not answer in time',
		next: 'Try again later with a new correlation_id, or ask the operator to check the executor.',
	},
};

/** One clause saying why; it ends the message of the refusal. */
export function whyRefused(reason: DispatchReason): string {
	return TEXTS[reason].why;
}

/** The lawful next step after a refusal, addressed to the caller. */
export function nextStep(reason: DispatchReason): string {
	return TEXTS[reason].next;
}

/**
 * Replaces the words a refusal must never carry (DESIGN.md §3, 9). Field names come from callers and schemas, so a
 * request could otherwise put them into its own refusal and have it read as an acceptance.
 */
export function withoutProofWords(text: string): string {
	return text.replace(/pass|digest|seal/giu, '…');
}
