import { z } from 'zod';
import type { ExplainedLayer } from '../core/explain-write.ts';
import type { WriteReason, WriteRefusalCode } from '../core/reasons.ts';
import { toolNameSchema } from './dispatch.ts';
import { writeActionSchema } from './policy.ts';

const MOST_NAMES = 200;

/** Names of collections and fields, and ids: whatever somebody may ask about, known or not. */
const name = toolNameSchema;
const names = z.array(name).max(MOST_NAMES);

/** What a flow or operation looks like after the write, as far as its shape is judged. */
const flowOptions = z.record(name, z.union([z.string(), z.number(), z.boolean(), z.null(), names]));
const flowSchema = z.strictObject({
	kind: z.literal('flow'),
	status: z.enum(['active', 'inactive']).default('active'),
	trigger: name.nullable().default(null),
	options: flowOptions.default({}),
	operations: z.array(z.strictObject({ key: name, type: name, options: flowOptions.default({}) })).max(MOST_NAMES),
});

const aboutSchema = z.discriminatedUnion('kind', [
	z.strictObject({ kind: z.literal('structure'), collections: names.min(1) }),
	z.strictObject({ kind: z.literal('bundle') }),
	flowSchema,
	z.strictObject({ kind: z.literal('audit'), collections: names.min(1) }),
]);

/** Rows of these tables are judged by what they are about, which the question has to say; of extensions, only this bundle's. */
const SUBJECTS: Readonly<Record<string, { kind: z.output<typeof aboutSchema>['kind']; open: readonly string[] }>> = {
	directus_collections: { kind: 'structure', open: [] },
	directus_fields: { kind: 'structure', open: [] },
	directus_relations: { kind: 'structure', open: [] },
	directus_flows: { kind: 'flow', open: ['delete'] },
	directus_operations: { kind: 'flow', open: ['delete'] },
	directus_activity: { kind: 'audit', open: ['create'] },
	directus_revisions: { kind: 'audit', open: ['create'] },
	directus_extensions: { kind: 'bundle', open: ['create', 'update', 'delete'] },
};

/**
 * Somebody who might write. `user` and `role` are looked up, and what stands here beside them counts instead of what was found;
 * `user: null` is somebody who is not signed in. `surface` alone is the caller, coming that way.
 */
const explainActorSchema = z.strictObject({
	user: name.nullable().optional(),
	role: name.nullable().optional(),
	roles: names.optional(),
	policies: names.optional(),
	admin: z.boolean().optional(),
	surface: z.enum(['rest', 'graphql', 'ws', 'mcp', 'ai', 'flow', 'system']).optional(),
});

export type ExplainActor = z.output<typeof explainActorSchema>;

/** The body of `POST /governance/explain`. `fields`: names at the top level of what would be written. */
export const explainRequestSchema = z
	.strictObject({
		collection: name,
		action: writeActionSchema,
		fields: names.optional(),
		about: aboutSchema.optional(),
		actor: explainActorSchema.optional(),
	})
	.refine((body) => aboutFits(body), {
		path: ['about'],
		error: ({ input }) => {
			const { collection } = input as { collection: string };
			const subject = Object.hasOwn(SUBJECTS, collection) ? SUBJECTS[collection] : undefined;
			return subject
				? `rows of ${collection} go with kind ${subject.kind}`
				: `rows of this collection are about themselves`;
		},
		// Also beside other faults: everything wrong is named at once.
		when: ({ value }) => isRecord(value) && typeof value.collection === 'string',
	});

export type ExplainRequest = z.output<typeof explainRequestSchema>;

function aboutFits({ collection, action, about }: { collection: string; action: string; about?: unknown }): boolean {
	const subject = Object.hasOwn(SUBJECTS, collection) ? SUBJECTS[collection] : undefined;
	if (about === undefined) return subject === undefined || subject.open.includes(action);
	return isRecord(about) && subject?.kind === about.kind;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

/** `data` of `POST /governance/explain`. `allowed` is about governance only: what Directus permits is asked besides. */
export interface Explanation {
	verdict: 'allowed' | 'refused';
	/** Where the writer is told so; null for an allowed write. */
	layer: 'process' | 'database' | null;
	code: WriteRefusalCode | null;
	reason: WriteReason | null;
	/** What decided: an entry of the policy (`write_allowlist[3]`), a governed collection, or a default. */
	rule: string;
	why: string;
	/** The lawful path; null where none is needed. */
	next: string | null;
	/** Registered tools that build this collection, for the dispatch that `next` speaks of. */
	tools: string[];
	layers: { process: ExplainedLayer; database: ExplainedLayer };
	/** Of the fields asked for, those that make the difference: left out, the write would be allowed. */
	refused_fields: string[];
	/** What may be written here with this action; null for a delete, and where nothing may. */
	writable_fields: '*' | string[] | null;
	asked: {
		collection: string;
		action: string;
		fields: string[] | null;
		about: ExplainRequest['about'] | null;
		actor: {
			kind: string;
			user: string | null;
			role: string | null;
			roles: readonly string[];
			/** Directus policies, where they matter: on collections that have stewards. */
			policies: readonly string[];
			surface: string;
		};
	};
	state: 'active' | 'hold' | 'uninstalled';
	generation: number | null;
	limits: string[];
}
