import { isAudited } from './decide-protected.ts';
import { decideQuestion, knownIndex, type WriteQuestion } from './decide-question.ts';
import type { PolicyIndex, WriteDecision, WritePosture } from './decide-write.ts';
import type { WritePrincipal } from './principal.ts';
import type { WriteReason } from './reasons.ts';
import { stewardedFields } from './steward-index.ts';

/** What one of the two layers does with a write. `not_known`: nothing verified says. */
export interface ExplainedLayer {
	answer: 'refuses' | 'lets_through' | 'does_not_look' | 'not_known';
	why: string;
}

export interface WriteExplanation {
	decision: WriteDecision;
	why: string;
	layers: { process: ExplainedLayer; database: ExplainedLayer };
	/** Of the fields asked for, those without which the write would be allowed. */
	refusedFields: string[];
	/** What the principal may write there with that action; null for a delete, and where nothing may be written. */
	writableFields: '*' | string[] | null;
}

/** No column has this name: a decision that allows it allows every field. */
const ANY_FIELD = '';

/** The decision that a write would meet, in words. It is asked for, never made again here. */
export function explainWrite(
	posture: WritePosture,
	question: WriteQuestion,
	principal: WritePrincipal,
): WriteExplanation {
	const decision = decideQuestion(posture, question, principal);
	const allows = (fields: string[]) => decideQuestion(posture, { ...question, fields }, principal).kind === 'allowed';
	const why = whyOf(decision, question);
	return {
		decision,
		why,
		layers: {
			process: { answer: decision.kind === 'allowed' ? 'lets_through' : 'refuses', why },
			database: databaseLayer(posture, question, decision),
		},
		refusedFields: decision.kind === 'refused' && allows([]) ? refusedAmong(question.fields ?? [], allows) : [],
		writableFields: question.action === 'delete' || !allows([]) ? null : writable(posture, question, allows),
	};
}

function refusedAmong(fields: readonly string[], allows: (fields: string[]) => boolean): string[] {
	return [...new Set(fields)].filter((field) => !allows([field]));
}

function writable(
	posture: WritePosture,
	{ collection, action }: WriteQuestion,
	allows: (fields: string[]) => boolean,
): '*' | string[] {
	if (allows([ANY_FIELD])) return '*';
	const index = knownIndex(posture);
	const stewards = index?.stewards.get(collection);
	const named = new Set([
		...(index?.allowed.get(collection)?.[action]?.fields.keys() ?? []),
		...(stewards ? stewardedFields(stewards, action) : []),
	]);
	return [...named].filter((field) => allows([field])).sort();
}

function whyOf(decision: WriteDecision, question: WriteQuestion): string {
	const { collection, action } = question;
	if (decision.kind === 'refused') {
		const why = whyRefused(decision.reason, decision.rule, question);
		return decision.detail === undefined ? why : `${why}: ${decision.detail}`;
	}
	switch (decision.rule) {
		case 'uninstalled':
			return 'governance is not installed in this database';
		case 'hold:system':
			return `the instance holds, but Directus itself goes on with what is not known to be governed, and ${collection} is not`;
		case 'ungoverned':
			return `${collection} is not governed and the actor is no agent`;
		default:
			return `${decision.rule} of the policy allows ${action} on ${collection}`;
	}
}

function whyRefused(reason: WriteReason, rule: string, { collection, action }: WriteQuestion): string {
	switch (reason) {
		case 'NOT_IN_WRITE_ALLOWLIST':
			return rule.startsWith('governed:')
				? `${collection} is governed: nobody but its stewards writes to it through Directus, admins, flows and Directus itself included`
				: `the actor is an agent, and no entry of the write allowlist names ${action} on ${collection}`;
		case 'FIELD_NOT_IN_WRITE_ALLOWLIST':
			return `the actor is an agent, and the write allowlist (${rule}) names other fields of ${collection}`;
		case 'FIELD_NOT_STEWARDED':
			return `the actor is a steward (${rule}), but not of every field that was asked for`;
		case 'ACTION_NOT_STEWARDED':
			return `the actor is a steward of ${collection}, but not for ${action}`;
		case 'STRUCTURE_LOCKED':
			return `the change is about ${rule.replace('governed:', '')}, which is governed: its shape changes at deploy time only`;
		case 'BUNDLE_PROTECTED':
			return 'these rows load the guard itself: who may switch it off may write anything';
		case 'FLOW_SHAPE_NOT_ALLOWED':
			return 'a flow may only sync or dispatch, with read-only helpers, whoever saves it';
		case 'AUDIT_TRAIL_LOCKED':
			return 'entries that tell of governed collections, or of what decides over them, are neither changed nor deleted';
		case 'POLICY_NOT_VERIFIED':
			return rule === 'uninstalled'
				? 'agents write nothing while governance is not installed'
				: 'the instance holds: what cannot be verified is refused';
		case 'PERMIT_NOT_TAKEN':
		case 'REFUSED_BY_DATABASE':
		case 'EVIDENCE_NOT_WRITTEN':
			return 'the write was refused after this decision';
		default:
			return reason satisfies never;
	}
}

/** What PostgreSQL does with the same write when nothing in the process has stopped it. */
function databaseLayer(posture: WritePosture, question: WriteQuestion, decision: WriteDecision): ExplainedLayer {
	const index = knownIndex(posture);
	if (posture.kind === 'uninstalled') return { answer: 'does_not_look', why: 'governance is not installed' };
	if (index === null) return { answer: 'not_known', why: 'no policy was verified since Directus started' };
	const permit = decision.kind === 'allowed' && decision.stewards;
	if (!permit) return guardedRows(index, question);
	return {
		answer: 'lets_through',
		why: `what the permit covers that is taken in the writing transaction: no more than ${decision.rule} lets its stewards do (GD006)`,
	};
}

function guardedRows(index: PolicyIndex, { collection, about }: WriteQuestion): ExplainedLayer {
	if (about?.kind === 'bundle') return { answer: 'refuses', why: 'a trigger guards the rows of this bundle (GD005)' };
	if (about?.kind === 'structure' && about.collections.some((name) => index.governed.has(name))) {
		return {
			answer: 'refuses',
			why: 'triggers guard the rows that describe it (GD005), and a Directus that does not own the table cannot alter it (42501)',
		};
	}
	if (index.stewards.has(collection)) {
		return {
			answer: 'refuses',
			why: 'without a permit taken in the writing transaction nobody but governance_writer writes to it (GD006, GD001, 42501)',
		};
	}
	if (about?.kind === 'audit' && about.collections.some((name) => isAudited(index, name))) {
		return { answer: 'refuses', why: 'a trigger keeps entries about governed collections (GD005)' };
	}
	if (about?.kind === 'flow') {
		return { answer: 'not_known', why: 'triggers judge each flow and each operation by itself (GD005)' };
	}
	if (index.governed.has(collection)) {
		return {
			answer: 'refuses',
			why: 'triggers let only the role governance_writer write to it (GD001, GD002), and a Directus that does not own the table lacks the privilege (42501)',
		};
	}
	return { answer: 'does_not_look', why: 'it guards governed collections only; agents are known in this process only' };
}
