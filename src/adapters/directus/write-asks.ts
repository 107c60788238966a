import type { WriteAction } from '../../core/decide-write.ts';
import type { WriteSubject } from '../../service/guard/write-guard.ts';
import { auditedCollections, isAuditTrail } from './audit-trail.ts';
import { bundleAmong, bundleRows, describedByRows, isStructural, withCollectionsIn } from './described-collections.ts';
import type { SchemaOverview, WritingService } from './directus-types.ts';
import { flowChanges, isFlowTable } from './flow-changes.ts';

/** One write as a service call means it. `payload` is only looked at for the names of its top-level fields. */
export interface WriteAsk {
	collection: string;
	action: WriteAction;
	payload?: unknown;
	schema?: SchemaOverview | undefined;
	/** Leads to writes of any action, each of which is asked for by itself. */
	manyActions?: boolean;
	/** Written with knex, where no permit can be taken: no steward's way. */
	withoutPermit?: boolean;
	/** Asked for only once the policy is there; may look up rows. */
	about?: () => WriteSubject | undefined | Promise<WriteSubject | undefined>;
}

type Translate = (service: WritingService, args: readonly unknown[]) => WriteAsk | WriteAsk[];

/**
 * The service methods that lead to writes, and what a call of each asks for. `createOne`, `updateMany` and `deleteMany`
 * of `ItemsService` are where all item writes end; the others here write with knex, run DDL, or open a transaction
 * before they get there. Source: `@directus/api` 12.4 `services/`.
 */
export const WRITE_ASKS: Readonly<Record<string, Readonly<Record<string, Translate>>>> = {
	ItemsService: {
		createOne: (service, [data]) => itemAsk(service, 'create', undefined, data),
		createMany: (service, [data]) => batchAsk(service, 'create', data),
		updateMany: (service, [keys, data]) => itemAsk(service, 'update', keys, data),
		updateBatch: (service) => ({ collection: service.collection ?? '', action: 'update' }),
		updateByQuery: (service) => ({ collection: service.collection ?? '', action: 'update' }),
		upsertMany: (service) => ({ collection: service.collection ?? '', action: 'update', manyActions: true }),
		deleteByQuery: (service) => ({ collection: service.collection ?? '', action: 'delete' }),
		deleteMany: (service, [keys]) => itemAsk(service, 'delete', keys),
	},
	UtilsService: {
		sort: ({ schema }, [collection]) => ({
			collection: String(collection),
			action: 'update',
			withoutPermit: true,
			payload: { [schema?.collections[String(collection)]?.sortField ?? '*']: 0 },
		}),
	},
	ImportService: {
		import: (_service, [collection]) => ({ collection: String(collection), action: 'create', manyActions: true }),
		importBatch: (_service, [input]) =>
			listOf(input).map((entry) => ({
				collection: nameIn(entry, 'collection'),
				action: 'create' as const,
				manyActions: true,
			})),
	},
	SchemaService: {
		apply: (_service, [payload]) => ({
			...structureAsk('directus_collections', 'update', namesInDiff(payload)),
			payload,
		}),
	},
	CollectionsService: {
		createOne: (_service, [payload]) =>
			structureAsk('directus_collections', 'create', [nameIn(payload, 'collection')], payload),
		updateOne: (_service, [key, data]) => structureAsk('directus_collections', 'update', [String(key)], data),
		deleteOne: (service, [key]) => ({
			collection: 'directus_collections',
			action: 'delete',
			about: () => withCollectionsIn(service, String(key)),
		}),
	},
	ExtensionsService: {
		install: (service, [id]) => extensionAsk(service, 'create', id),
		reinstall: (service, [id]) => extensionAsk(service, 'update', id),
		uninstall: (service, [id]) => extensionAsk(service, 'delete', id),
		updateOne: (service, [id]) => extensionAsk(service, 'update', id),
		deleteOne: (service, [id]) => extensionAsk(service, 'delete', id),
	},
	FieldsService: {
		createField: (_service, [collection, field]) =>
			structureAsk('directus_fields', 'create', [String(collection)], field),
		updateField: (_service, [collection, field]) =>
			structureAsk('directus_fields', 'update', [String(collection)], field),
		deleteField: (_service, [collection]) => structureAsk('directus_fields', 'delete', [String(collection)]),
	},
	RelationsService: {
		createOne: (_service, [relation]) =>
			structureAsk(
				'directus_relations',
				'create',
				[nameIn(relation, 'collection'), nameIn(relation, 'related_collection')],
				relation,
			),
		updateOne: (_service, [collection, , relation]) =>
			structureAsk('directus_relations', 'update', [String(collection)], relation),
		deleteOne: (_service, [collection]) => structureAsk('directus_relations', 'delete', [String(collection)]),
	},
};

function itemAsk(service: WritingService, action: WriteAction, keys: unknown, payload?: unknown): WriteAsk {
	const collection = service.collection ?? '';
	if (!collection.startsWith('directus_')) return { collection, action, payload, schema: service.schema };
	if (collection === 'directus_extensions') {
		return { collection, action, payload, about: () => bundleRows(service, action, listOf(keys), payload) };
	}

	const [keyed, data] = [listOf(keys), payload];
	if (isFlowTable(collection)) {
		return { collection, action, payload, about: () => flowChanges(service, collection, action, keyed, data) };
	}
	if (isAuditTrail(collection)) {
		return { collection, action, payload, about: () => auditedCollections(service, collection, action, keyed, data) };
	}

	if (!isStructural(collection)) return { collection, action, payload };
	return { collection, action, payload, about: () => describedByRows(service, collection, listOf(keys), payload) };
}

/** Installing again replaces files and writes no row, so the service itself is asked. Directus's own boot does not call it. */
function extensionAsk(service: WritingService, action: WriteAction, id: unknown): WriteAsk {
	return { collection: 'directus_extensions', action, about: () => bundleAmong(service, [id]) };
}

/** A batch is looked at as a whole before its transaction begins; each item is looked at again on its own. */
function batchAsk(service: WritingService, action: WriteAction, data: unknown): WriteAsk {
	const collection = service.collection ?? '';
	return isStructural(collection)
		? { collection, action }
		: { collection, action, payload: data, schema: service.schema };
}

function structureAsk(collection: string, action: WriteAction, names: string[], payload?: unknown): WriteAsk {
	return { collection, action, payload, about: () => ({ kind: 'structure', collections: names }) };
}

function namesInDiff(payload: unknown): string[] {
	const diff = (payload as { diff?: Record<string, unknown> } | null)?.diff ?? {};
	return Object.values(diff).flatMap((changes) =>
		listOf(changes).flatMap((change) => [nameIn(change, 'collection'), nameIn(change, 'related_collection')]),
	);
}

function listOf(value: unknown): readonly unknown[] {
	if (Array.isArray(value)) return value;
	return value === undefined || value === null ? [] : [value];
}

function nameIn(value: unknown, key: string): string {
	const name = (value as Record<string, unknown> | null | undefined)?.[key];
	return typeof name === 'string' ? name : '';
}
