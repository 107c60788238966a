import { z } from 'zod';
import type { ExplainedLayer } from '../core/explain-write.ts';
import type { WriteReason, WriteRefusalCode } from '../core/reasons.ts';
import { toolNameSchema } from './dispatch.ts';
import { writeActionSchema } from './policy.ts';

const MOST_NAMES = 200;

/** Names of collections and fields, and ids: whatever somebody may ask about, known or not. */
const name = toolNameSchema;
const names = z.array(name).max(MOST_NAMES);

/** Rows of these tables say what a collection looks like; which one, the question has to say. */
const STRUCTURE_TABLES: readonly string[] = ['directus_collections', 'directus_fields', 'directus_relations'];
const EXTENSIONS_TABLE = 'directus_extensions';

const aboutSchema = z.discriminatedUnion('kind', [
	z.strictObject({ kind: z.literal('structure'), collections: names.min(1) }),
	z.strictObject({ kind: z.literal('bundle') }),
]);

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
		error:
			'rows of directus_collections, directus_fields and directus_relations need {"kind":"structure","collections":[…]}; {"kind":"bundle"} goes with directus_extensions; other collections take none',
		// Also beside other faults: everything wrong is named at once.
		when: ({ value }) => isRecord(value) && typeof value.collection === 'string',
	});

export type ExplainRequest = z.output<typeof explainRequestSchema>;

function aboutFits({ collection, about }: { collection: string; about?: { kind?: unknown } | undefined }): boolean {
	if (STRUCTURE_TABLES.includes(collection)) return about?.kind === 'structure';
	if (collection === EXTENSIONS_TABLE) return about === undefined || about?.kind === 'bundle';
	return about === undefined;
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
