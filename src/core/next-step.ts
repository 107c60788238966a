import type { WriteReason } from './reasons.ts';

/** The lawful next step after a refused write: one sentence, no names of tools that may not be installed. */
export function nextStepForWrite(reason: WriteReason): string {
	switch (reason) {
		case 'NOT_IN_WRITE_ALLOWLIST':
			return 'dispatch a dry run (POST /governance/dispatch) and hand its packet to an operator, who changes governed data with governed apply';
		case 'FIELD_NOT_IN_WRITE_ALLOWLIST':
			return 'leave out the fields the write allowlist does not name, or ask an operator to add them with governed apply';
		case 'FIELD_NOT_STEWARDED':
			return 'leave out the fields your steward rule does not name, or ask an operator to add them with governed apply';
		case 'ACTION_NOT_STEWARDED':
			return 'ask an operator: you are a steward of this collection, but not for this action';
		case 'PERMIT_NOT_TAKEN':
			return 'try again; if it persists, ask an operator to run governed verify: the database gave no permit for this write';
		case 'STRUCTURE_LOCKED':
			return 'ask an operator to change the shape of a governed collection at deploy time';
		case 'BUNDLE_PROTECTED':
			return 'ask an operator to run governed uninstall';
		case 'FLOW_SHAPE_NOT_ALLOWED':
			return 'build the flow from governed-dispatch (any trigger) or governed-cdc-sync (an event of type action, or a schedule) and read-only helpers, or ask an operator to name the operation among flows.helpers and to run governed apply';
		case 'AUDIT_TRAIL_LOCKED':
			return 'leave the entry as it is; what Directus wrote down about governed collections and about what decides over them is kept';
		case 'REFUSED_BY_DATABASE':
			return 'ask an operator: the database guards this table and only governed apply writes to it';
		case 'POLICY_NOT_VERIFIED':
			return 'ask an operator to run governed doctor; nothing is written while the policy is not verified or a guard was not seen refusing';
		case 'EVIDENCE_NOT_WRITTEN':
			return 'try again; if it persists, ask an operator to run governed doctor';
		default:
			return reason satisfies never;
	}
}
