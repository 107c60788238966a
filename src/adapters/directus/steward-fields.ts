import type { WriteAction } from '../../core/decide-write.ts';
import type { SchemaOverview } from './directus-types.ts';

/** Fields that Directus fills by itself, whatever was asked. Source: `@directus/api` 12.4 `services/payload.js`. */
const FILLED: Readonly<Record<WriteAction, readonly string[]>> = {
	create: ['date-created', 'user-created', 'role-created', 'uuid'],
	update: ['date-updated', 'user-updated', 'role-updated'],
	delete: [],
};

/**
 * The columns a write of `names` really sets: without fields that have no column (what is nested there is asked for by
 * itself) and without keys nobody chooses, but with those that Directus fills by itself.
 */
export function writtenFields(
	schema: SchemaOverview | undefined,
	collection: string,
	action: WriteAction,
	names: readonly string[],
): readonly string[] {
	const described = schema?.collections[collection];
	const fields = described?.fields;
	if (!described || !fields) return names;

	const isSerial = ['integer', 'bigInteger'].includes(fields[described.primary]?.type ?? '');
	const given = names.filter((name) =>
		name === described.primary ? action === 'create' && isSerial : fields[name]?.alias !== true,
	);
	const filled = Object.entries(fields)
		.filter(
			([name, field]) => name !== described.primary && field.special?.some((kind) => FILLED[action].includes(kind)),
		)
		.map(([name]) => name);
	return [...new Set([...given, ...filled])];
}
