import { z } from 'zod';
import { allows } from '../core/rule.ts';

export const wireSchema = z.strictObject({ actor: z.string().refine((actor) => allows('writer', actor)) });
export type Wire = z.infer<typeof wireSchema>;
