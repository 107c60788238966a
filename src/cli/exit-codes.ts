/** The one table of exit codes. Source: DESIGN.md §9. */
export const EXIT = {
	done: 0,
	error: 1,
	changes: 2,
	refused: 3,
	hold: 4,
	invalidEvidence: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
