import type { Change, DesiredState } from '../../../service/ports/registrar.ts';
import type { ContentTable } from './ownership.ts';
import { asRole, identifier, rowsOf, type Sql } from './session.ts';

/**
 * Which versions of its catalogue rows a table has now: an owner who switches a guard off, writes, and switches it on
 * again leaves the same definition behind, but newer rows. `xmin` outlives VACUUM; a restored dump has other numbers, and
 * the next apply takes them over. Columns count because USING and inheritance change rows past every trigger. Internal
 * triggers come and go with foreign keys, which count by themselves.
 */
const MARK = `select md5(concat_ws('|', c.oid, c.relreplident,
	(select string_agg(pg_get_statisticsobjdef(oid), ';' order by oid) from pg_statistic_ext where stxrelid = c.oid),
	(select string_agg(concat_ws(',', objsubid, description), ';' order by objsubid) from pg_description where objoid = c.oid and classoid = 'pg_class'::regclass),
	(select string_agg(concat_ws(',', attnum, attname, xmin), ';' order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0),
	(select string_agg(concat_ws(',', oid, xmin), ';' order by oid) from pg_attrdef where adrelid = c.oid),
	(select string_agg(concat_ws(',', oid, xmin), ';' order by oid) from pg_constraint where conrelid = c.oid or confrelid = c.oid),
	(select string_agg(concat_ws(',', oid, xmin), ';' order by oid) from pg_trigger where tgrelid = c.oid and not tgisinternal),
	(select string_agg(pg_get_indexdef(indexrelid), ';' order by indexrelid) from pg_index where indrelid = c.oid))) as now,
	t.mark as recorded
	from pg_class c join governance.taken_tables t on t.collection = c.relname where c.oid = to_regclass($1)`;

interface Marks {
	now: string;
	recorded: string | null;
}

const marksOf = async (client: Sql, name: string): Promise<Marks | undefined> =>
	(await rowsOf<Marks>(client, MARK, [`public.${identifier(name)}`]))[0];

/** Says that somebody had this table's structure or guards in hand since the last apply, before this one mends what is left of it. */
export async function touchedSinceApply(client: Sql, { name }: ContentTable): Promise<Change[]> {
	const marks = await marksOf(client, name);
	if (!marks?.recorded || marks.recorded === marks.now) return [];
	const detail =
		'its structure or its guards were changed since the last apply, and perhaps changed back: look at its rows, then apply';
	return [{ action: 'change', area: 'structure', subject: name, detail }];
}

/** Remembers the table as this apply leaves it. Held apart from Directus's role, it needs no mark. */
export async function ensureMark(
	client: Sql,
	{ name }: ContentTable,
	strength: DesiredState['strength'],
): Promise<Change[]> {
	const marks = await marksOf(client, name);
	const wanted = strength === 'single-role' ? (marks?.now ?? null) : null;
	if (!marks || marks.recorded === wanted) return [];
	await asRole(client, 'governance_writer', () =>
		client.query('update governance.taken_tables set mark = $2 where collection = $1', [name, wanted]),
	);
	const detail = wanted === null ? 'no longer marked: it is held apart' : 'marked as this apply leaves it';
	return [{ action: 'change', area: 'guard', subject: name, detail }];
}
