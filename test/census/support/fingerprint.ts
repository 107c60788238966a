import type { Side } from './types.ts';

/** Governed in both instances (declared in the configuration). */
export const GOVERNED = [
	'gov_items',
	'gov_single',
	'gov_links',
	'gov_texts',
	'gov_struct',
	'gov_off',
	'gov_plain',
] as const;

/** A table that cannot be governed as it is: its own foreign keys carry actions. */
export const UNGOVERNABLE = 'gov_keys';

/** Rows only; the shape of these belongs to Directus. */
export const OPEN = ['open_parent', 'open_tags', 'open_blocks', 'open_languages', 'open_jobs'] as const;

const TABLES = [...GOVERNED, UNGOVERNABLE];

const STRUCTURE = `
	with t as (select c.*, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relname = any ($1::text[]) and n.nspname not in ('census', 'pg_catalog'))
	select line from (
		select format('table %I.%I kind %s owner %s rls %s %s options %s persistence %s parents %s', t.nspname, t.relname, t.relkind,
			pg_get_userbyid(t.relowner), t.relrowsecurity, t.relforcerowsecurity, t.reloptions, t.relpersistence,
			(select array_agg(i.inhparent::regclass::text) from pg_inherits i where i.inhrelid = t.oid or i.inhparent = t.oid)) as line from t
		union all select format('grant %s %s %s', t.relname, pg_get_userbyid(x.grantee), x.privilege_type) from t, aclexplode(t.relacl) x
		union all select format('column %s.%s %s %s %s %s %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
			pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attacl)
			from t join pg_attribute a on a.attrelid = t.oid left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
			where a.attnum > 0 and not a.attisdropped
		union all select format('constraint %s %s %s', t.relname, k.conname, pg_get_constraintdef(k.oid)) from t join pg_constraint k on k.conrelid = t.oid
		union all select format('key to it %s.%s %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) from t join pg_constraint k on k.confrelid = t.oid
		union all select pg_get_indexdef(i.indexrelid) from t join pg_index i on i.indrelid = t.oid
		union all select format('%s enabled %s', pg_get_triggerdef(g.oid), g.tgenabled) from t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
		union all select pg_get_ruledef(r.oid) from t join pg_rewrite r on r.ev_class = t.oid
		union all select format('policy %s %s', t.relname, p.polname) from t join pg_policy p on p.polrelid = t.oid
		union all select format('sequence %s owner %s', s.relname, pg_get_userbyid(s.relowner)) from t join pg_depend d on d.refobjid = t.oid and d.deptype in ('a', 'i')
			join pg_class s on s.oid = d.objid and s.relkind = 'S'
		union all select 'collections ' || to_jsonb(m)::text from public.directus_collections m where m.collection = any ($1::text[])
		union all select 'fields ' || to_jsonb(m)::text from public.directus_fields m where m.collection = any ($1::text[])
		union all select 'relations ' || to_jsonb(m)::text from public.directus_relations m where m.many_collection = any ($1::text[]) or m.one_collection = any ($1::text[])
			or string_to_array(m.one_allowed_collections, ',') && $1::text[]) lines order by line`;

export interface Fingerprint {
	rows: string;
	structure: string;
}

/** Every row of the governed tables, and all that PostgreSQL and Directus say about them. `versions` adds xmin and xmax. */
export async function fingerprintOf(side: Side, { versions = false } = {}): Promise<Fingerprint> {
	const [structure, present] = await Promise.all([
		side.sql<{ line: string }>(STRUCTURE, [TABLES]),
		side.sql<{ name: string }>(
			`select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relname = any ($1::text[]) order by 1`,
			[TABLES],
		),
	]);
	const mark = versions ? `t.xmin::text || ' ' || t.xmax::text || ' ' || ` : '';
	const selects = present.map(({ name }) => `select '${name} ' || ${mark}t::text as line from public."${name}" t`);
	const rows =
		selects.length === 0 ? [] : await side.sql<{ line: string }>(`${selects.join(' union all ')} order by 1`);
	const text = (lines: { line: string }[]) => lines.map(({ line }) => line).join('\n');
	return { rows: text(rows), structure: text(structure) };
}

/** The lines that differ, for the message of a failure. */
export function differenceOf(before: Fingerprint, after: Fingerprint): string {
	const lines = ({ rows, structure }: Fingerprint) => `${rows}\n${structure}`.split('\n');
	const [old, now] = [new Set(lines(before)), new Set(lines(after))];
	const gone = [...old].filter((line) => !now.has(line)).map((line) => `− ${line}`);
	const come = [...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`);
	return [...gone, ...come].slice(0, 6).join('\n').slice(0, 900);
}

export const same = (one: Fingerprint, other: Fingerprint): boolean =>
	one.rows === other.rows && one.structure === other.structure;
