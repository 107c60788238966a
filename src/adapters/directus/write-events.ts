import type { WriteAction } from '../../core/decide-write.ts';
import type { EventContext, FilterMeta, HookRegister } from './directus-types.ts';
import type { InProcessGuard } from './in-process-guard.ts';
import { WRITE_ASKS, type WriteAsk } from './write-asks.ts';

const METHODS = { create: 'createOne', update: 'updateMany', delete: 'deleteMany' } as const satisfies Record<
	WriteAction,
	string
>;

/**
 * The second look, at Directus's own events: it sees a write even where something took the wrapper away, and it sees
 * the payload as other filters left it. `*.create` matches items and every system collection alike.
 */
export function lookAtEvents(filter: HookRegister['filter'], guard: () => InProcessGuard | undefined): void {
	for (const action of ['create', 'update', 'delete'] as const) {
		filter(`*.${action}`, (payload, meta, context) => {
			const ask = askOf(action, payload, meta, context);
			if (!ask) return undefined;

			const current = guard();
			if (!current) throw new Error('governed-dispatch: no guard decides');
			// A filter that answers replaces the payload.
			return current.check(ask, context.accountability, context.database)?.then(() => undefined);
		});
	}
}

/** Null for events that are no write of rows, such as `auth.create`. */
function askOf(
	action: WriteAction,
	payload: unknown,
	meta: FilterMeta,
	{ database, schema, accountability }: EventContext,
): WriteAsk | null {
	const { collection, event } = meta;
	if (typeof collection !== 'string') return null;

	// FieldsService announces a change of a field under the name of the collection it belongs to.
	if (event.startsWith('fields.') && collection !== 'directus_fields') {
		return {
			collection: 'directus_fields',
			action,
			payload,
			about: () => ({ kind: 'structure', collections: [collection] }),
		};
	}

	const service = { collection, knex: database, accountability, ...(schema && { schema }) };
	const args = action === 'update' ? [meta.keys, payload] : [payload];
	return WRITE_ASKS.ItemsService?.[METHODS[action]]?.(service, args) as WriteAsk;
}
