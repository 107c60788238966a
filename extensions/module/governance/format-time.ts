const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** A moment in the reader's own language and time zone; text that is no moment comes back as it is. */
export function formatMoment(iso: string): string {
	const moment = new Date(iso);
	return Number.isNaN(moment.getTime()) ? iso : full.format(moment);
}

export function formatClock(moment: Date): string {
	return clock.format(moment);
}
