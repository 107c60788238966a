import type { Read } from '../tool.ts';
import type { GraphSources, NotReadable, SourceName, SourceRows } from './rows.ts';
import { SOURCES, type Source, selectOf } from './sources.ts';

interface Readability {
	schema: string;
	name: string;
	kind: string | null;
	row_security: boolean;
	usable_schema: boolean;
	denied: string[];
}

/**
 * Asked before anything is read: one refused statement would abort the transaction, and with it the snapshot. A table
 * that its owner replaced by a view, or put row security on, would run the owner's code or hide rows; it is not read.
 */
const READABILITY = `
	select w.schema, w.name, c.relkind::text as kind, coalesce(c.relrowsecurity, false) as row_security,
		coalesce(has_schema_privilege(n.oid, 'USAGE'), false) as usable_schema,
		array(
			select wanted.name from jsonb_array_elements_text(w.columns) as wanted(name)
			where not exists (
				select from pg_attribute a
				where a.attrelid = c.oid and a.attname = wanted.name and a.attnum > 0 and not a.attisdropped
					and has_column_privilege(c.oid, a.attnum, 'SELECT')
			)
			order by wanted.name collate "C"
		) as denied
	from jsonb_to_recordset($1::jsonb) as w(schema text, name text, columns jsonb)
	left join pg_namespace n on n.nspname = w.schema
	left join pg_class c on c.relnamespace = n.oid and c.relname = w.name`;

/** Reads every source this role may read, one after the other in one snapshot. What it may not read is said. */
export async function readSources(read: Read): Promise<GraphSources> {
	const wanted = SOURCES.map(({ schema, name, columns }) => ({ schema, name, columns: Object.keys(columns) }));
	const found = await read<Readability>(READABILITY, [JSON.stringify(wanted)]);
	const rows: Partial<Record<SourceName, unknown[] | null>> = {};
	const notReadable: NotReadable[] = [];
	for (const source of SOURCES) {
		const obstacle = obstacleOf(
			source,
			found.find(({ schema, name }) => schema === source.schema && name === source.name),
		);
		if (obstacle) notReadable.push(obstacle);
		rows[source.name] = obstacle ? null : await read<SourceRows[SourceName]>(selectOf(source));
		if (source.withheld) {
			notReadable.push({ table: `${source.schema}.${source.name}`, ...source.withheld, reason: 'withheld' });
		}
	}
	return { rows: rows as GraphSources['rows'], notReadable };
}

function obstacleOf(source: Source, found: Readability | undefined): NotReadable | null {
	const because = (reason: NotReadable['reason'], columns: string[]): NotReadable => ({
		table: `${source.schema}.${source.name}`,
		columns,
		reason,
		consequence: source.consequence,
	});
	if (!found || found.kind === null) return because('absent', []);
	if (found.kind !== 'r' || found.row_security) return because('not_a_plain_table', []);
	if (!found.usable_schema || found.denied.length > 0) return because('no_privilege', found.denied);
	return null;
}
