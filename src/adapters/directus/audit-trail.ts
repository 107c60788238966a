import type { WriteAction } from '../../core/decide-write.ts';
import type { WriteSubject } from '../../service/guard/write-guard.ts';
import type { WritingService } from './directus-types.ts';

export function isAuditTrail(collection: string): boolean {
	return collection === 'directus_activity' || collection === 'directus_revisions';
}

/**
 * The collections whose entries a write would change or delete. Directus itself puts revisions under their parent after it wrote
 * them, on a path without accountability; it changes nothing else there.
 */
export async function auditedCollections(
	service: WritingService,
	collection: string,
	action: WriteAction,
	keys: readonly unknown[],
	payload: unknown,
): Promise<WriteSubject | undefined> {
	if (action === 'create' || !service.knex || keys.length === 0) return undefined;
	const fields = payload !== null && typeof payload === 'object' ? Object.keys(payload) : [];
	if (action === 'update' && !service.accountability && fields.length === 1 && fields[0] === 'parent') return undefined;

	const ids = keys.map(Number).filter(Number.isSafeInteger);
	const rows = await service.knex.select('collection').from(collection).whereIn('id', ids);
	const renamed = (payload as { collection?: unknown } | null | undefined)?.collection;
	const names = rows.map((row) => row.collection).concat(renamed === undefined ? [] : [renamed]);
	return { kind: 'audit', collections: [...new Set(names.map(String))] };
}
