import type { DispatchAccepted, DispatchCheck, DispatchRefusal } from '../../contracts/dispatch.ts';
import { nextStep, whyRefused } from '../../core/dispatch-texts.ts';
import type { DispatchReason } from '../../core/reasons.ts';
import type { RecordedAnswer } from './ports.ts';
import type { Subject } from './read-request.ts';

/** Puts an accepted dispatch into the form that is stored and sent. */
export function accept(data: DispatchAccepted): RecordedAnswer {
	return { v: 1, reason: null, message: null, json: JSON.stringify(data) };
}

/**
 * Puts a refusal into the form that is stored and sent.
 *
 * @param evidenceId id of the entry that records it; null only where no entry could be written or entries are aggregated
 */
export function refuse(
	reason: DispatchReason,
	subject: Subject,
	checks: DispatchCheck[],
	evidenceId: string | null,
): RecordedAnswer {
	const refusal: DispatchRefusal = {
		code: 'DISPATCH_REFUSED',
		reason,
		...subject,
		checks,
		evidence: evidenceId === null ? null : { id: evidenceId },
		next: nextStep(reason),
	};
	const what = subject.tool === null ? 'dispatch' : `${subject.tool}${subject.mode === null ? '' : `.${subject.mode}`}`;
	return { v: 1, reason, message: `[REFUSED] ${what}: ${whyRefused(reason)}`, json: JSON.stringify(refusal) };
}
