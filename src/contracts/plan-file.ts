import { z } from 'zod';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What a saved plan is bound to: when one of these moved, it is a plan for something else. */
export const planBindingSchema = z.strictObject({
	/** Of the declaration with every default filled in. */
	config: digest,
	/** Of owners, privileges, triggers, columns, functions, registry rows and policy, as they are in the database. */
	database: digest,
	/** Of every guard function and trigger this package puts up. */
	guards: digest,
	/** Of the migrations this package ships. */
	schema: digest,
});

export type PlanBinding = z.infer<typeof planBindingSchema>;

/** The signed content of a file written by `governed plan --out`. */
export const planFileSchema = z.strictObject({
	v: z.literal(1),
	made_at: z.iso.datetime(),
	binding: planBindingSchema,
	/** Of the changes, in order: what a person read is what is applied. */
	changes: digest,
});

export type PlanFile = z.infer<typeof planFileSchema>;
