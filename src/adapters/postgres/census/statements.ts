import pg from 'pg';

/** A governed table as the census needs it. */
export interface CensusTable {
	/** For people: schema and name, unquoted. */
	label: string;
	/** As PostgreSQL quotes it. */
	name: string;
	owner: string;
	column: string;
	type: string;
	/** The first guard is there and always fires; without it a TRUNCATE would be more than a probe. */
	guarded: boolean;
}

export interface CensusStatement {
	request: string;
	sql: string;
}

/** The writes of one table. None finds a row, and none needs SELECT, whose lack must not pass for a refusal. */
export function rowStatements({ name, column, type, guarded }: CensusTable): CensusStatement[] {
	const key = pg.escapeIdentifier(column);
	return [
		{ request: 'insert', sql: `insert into ${name} (${key}) overriding system value select null::${type} where false` },
		{
			request: 'insert on conflict',
			sql: `insert into ${name} (${key}) overriding system value select null::${type} where false on conflict do nothing`,
		},
		{ request: 'update', sql: `update ${name} set ${key} = default where false` },
		{ request: 'delete', sql: `delete from ${name} where false` },
		{
			request: 'merge',
			sql: `merge into ${name} using (select 1 where false) s on false when not matched then insert (${key}) values (default)`,
		},
		{ request: 'writable CTE', sql: `with w as (delete from ${name} where false returning 1) select count(*) from w` },
		// Keys of other tables would answer before the guard does; CASCADE lets the guard speak first.
		...(guarded ? [{ request: 'truncate', sql: `truncate ${name} cascade` }] : []),
	];
}

/** What would change the table's structure, guards or rights. PostgreSQL asks who may before it takes a lock. */
export function structureStatements({ name, column }: CensusTable, directusRole: string): CensusStatement[] {
	const key = pg.escapeIdentifier(column);
	const alter = (request: string, what: string): CensusStatement => ({ request, sql: `alter table ${name} ${what}` });
	return [
		alter('add column', 'add column governed_census int'),
		alter('drop column', `drop column ${key} cascade`),
		alter('set default', `alter column ${key} drop default`),
		alter('rename', 'rename to governed_census'),
		alter('owner to', `owner to ${pg.escapeIdentifier(directusRole)}`),
		alter('disable trigger', 'disable trigger user'),
		alter('row level security', 'enable row level security'),
		{ request: 'drop trigger', sql: `drop trigger governance_a_assert_safe on ${name}` },
		{
			request: 'create trigger',
			sql: `create trigger governed_census before update on ${name} for each row execute function pg_catalog.suppress_redundant_updates_trigger()`,
		},
		{ request: 'create rule', sql: `create rule governed_census as on insert to ${name} do also nothing` },
		{ request: 'create index', sql: `create index governed_census on ${name} (${key})` },
		{ request: 'comment', sql: `comment on table ${name} is 'governed census'` },
		{ request: 'drop table', sql: `drop table ${name} cascade` },
	];
}
