import { z } from 'zod';

/** Type of the signature, so that it passes for nothing else the same key signs. */
export const MARK_TYPE = 'governance-generation+jws';

/** What an apply signs beside the policy, so that its evidence entry says which generation there was. */
const generationMarkSchema = z.strictObject({
	mark: z.literal('generation'),
	generation: z.int().positive(),
	instance: z.uuid(),
});

export type GenerationMark = z.infer<typeof generationMarkSchema>;

/** The mark in a text that the operator's key signed, or null when it is something else. */
export function readMark(text: string): GenerationMark | null {
	try {
		return generationMarkSchema.parse(JSON.parse(text));
	} catch {
		return null;
	}
}

/** The latest generation that marks of this instance name; 0 when there is none. */
export function latestGeneration(marks: readonly (GenerationMark | null)[], instance: string): number {
	return Math.max(0, ...marks.map((mark) => (mark?.instance === instance ? mark.generation : 0)));
}
