import type { EvidenceRecord } from '../../../src/contracts/evidence.ts';
import { texts } from './texts.ts';

/** A refusal as one row of a table; every value is plain text. */
export interface RefusalRow {
	id: string;
	at: string;
	who: string;
	surface: string;
	what: string;
	reason: string;
}

/** Entries outlive the version that wrote them: what is not there, or is no text, is left blank. */
export function readRefusal({ id, recorded_at, body }: EvidenceRecord): RefusalRow {
	const actor = record(body.actor);
	const who = [text(actor.kind), text(actor.user).slice(0, 8)].filter((part) => part !== '').join(' ');
	return {
		id,
		at: text(body.at) || recorded_at,
		who: who || texts.none,
		surface: text(body.surface) || texts.none,
		what: subjectOf(body) || texts.none,
		reason: text(body.reason) || texts.none,
	};
}

function subjectOf(facts: Record<string, unknown>): string {
	const collection = text(facts.collection);
	if (collection !== '') return `${collection}.${text(facts.action)}`;
	return [text(facts.event), text(facts.tool) || text(facts.area), text(facts.mode)]
		.filter((part) => part !== '')
		.join(' ');
}

function record(value: unknown): Record<string, unknown> {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
