import type { Posture, PostureControl } from '../../../src/contracts/posture.ts';

/** What a status means to somebody who looks at it for a second. Its colour is the business of status-mark.vue. */
export type Tone = 'good' | 'watch' | 'bad' | 'plain';

export interface Status {
	tone: Tone;
	label: string;
}

export const CONTROL_STATUS: Readonly<Record<PostureControl['state'], Status>> = {
	demonstrated: { tone: 'good', label: 'Demonstrated' },
	not_demonstrated: { tone: 'watch', label: 'Not demonstrated' },
	failed: { tone: 'bad', label: 'Failed' },
};

export const STRENGTH_STATUS: Readonly<Record<Posture['strength']['level'], Status>> = {
	separated: { tone: 'good', label: 'Separated' },
	'single-role': { tone: 'watch', label: 'Single role' },
	superuser: { tone: 'bad', label: 'Superuser' },
	not_demonstrated: { tone: 'watch', label: 'Not demonstrated' },
};

export const STATE_STATUS: Readonly<Record<Posture['state'], Status>> = {
	active: { tone: 'good', label: 'In force' },
	hold: { tone: 'bad', label: 'On hold' },
	uninstalled: { tone: 'plain', label: 'Not installed' },
};
