import type { SqlEntry } from './entry.ts';

const entry = (
	path: string,
	sql: string,
	single: SqlEntry['single'],
	effect: SqlEntry['effect'] = 'change',
	separated: SqlEntry['separated'] = 'refused',
): SqlEntry => ({ path, statement: { sql }, separated, single, effect });

/** Writes that arrive at the content table by way of something else. */
export const BY_WAY_OF: readonly SqlEntry[] = [
	entry(
		'by way of a trigger on an open table',
		`create function public.planted() returns trigger language plpgsql as $$ begin update public.prices set note = 'x'; return new; end $$;
		create trigger planted after insert on public.open for each row execute function public.planted(); insert into public.open values (77)`,
		'refused',
	),
	entry(
		'by way of a rule on an open table',
		`create rule planted as on insert to public.open do also update public.prices set note = 'x'; insert into public.open values (77)`,
		'refused',
	),
	entry(
		'by way of an INSTEAD OF trigger on a view',
		`create function public.planted() returns trigger language plpgsql as $$ begin delete from public.prices where id = 2; return new; end $$;
		create view public.seen as select * from public.open; create trigger planted instead of insert on public.seen
			for each row execute function public.planted(); insert into public.seen values (77)`,
		'refused',
	),
	entry(
		'by way of a default of an open table',
		`create function public.planted() returns int language plpgsql as $$ begin update public.prices set note = 'x'; return 1; end $$;
		alter table public.open add more int default public.planted(); insert into public.open (id) values (77)`,
		'refused',
	),
	entry(
		'by way of a check of an open table',
		`create function public.planted(int) returns boolean language plpgsql as $$ begin update public.prices set note = 'x'; return true; end $$;
		alter table public.open add constraint planted check (public.planted(id)) not valid; insert into public.open (id) values (77)`,
		'refused',
	),
	entry(
		'by way of a domain',
		`create function public.planted(int) returns boolean language plpgsql as $$ begin update public.prices set note = 'x'; return true; end $$;
		create domain public.writing as int check (public.planted(value)); select 1::public.writing`,
		'refused',
	),
	entry(
		'by way of a procedure',
		`create procedure public.planted() language plpgsql as $$ begin update public.prices set note = 'x'; end $$; call public.planted()`,
		'refused',
	),
	entry(
		'by way of a cursor',
		`do $$ declare c cursor for select * from public.prices for update; begin
		for r in c loop update public.prices set note = 'x' where current of c; end loop; end $$`,
		'refused',
	),
	entry(
		'by way of a prepared statement',
		`prepare planted as update public.prices set note = 'x'; execute planted; deallocate planted`,
		'refused',
	),
	entry('by way of EXPLAIN ANALYZE', `explain analyze update public.prices set note = 'x'`, 'refused'),
	entry(
		'by way of a view with a check',
		`create view public.seen as select * from public.prices with cascaded check option; update public.seen set note = 'x'`,
		'refused',
	),
	entry(
		'by way of replica mode',
		`set local session_replication_role = replica; update public.prices set note = 'x'`,
		'refused',
		'power',
	),
	entry(
		'a foreign key of its own with CASCADE, and the parent deleted',
		`alter table public.prices add constraint planted foreign key (amount) references public.open (id) on delete cascade; delete from public.open where id = 10`,
		'refused',
	),
	entry(
		'a foreign key of its own with SET NULL, and the parent re-keyed',
		`alter table public.prices add constraint planted foreign key (amount) references public.open (id) on update set null; update public.open set id = 78 where id = 10`,
		'refused',
	),
	entry(
		'a foreign key of its own with SET DEFAULT, and the parent truncated',
		`alter table public.prices add constraint planted foreign key (amount) references public.open (id) on delete set default; truncate public.open cascade`,
		'refused',
	),
	entry(
		'a foreign key of its own',
		'alter table public.prices add constraint planted foreign key (amount) references public.open (id)',
		'owner_can',
	),
	entry('a deleted row that another table points to with CASCADE', 'delete from public.prices where id = 1', 'refused'),
	entry(
		'rows changed as the child of a parent for a moment',
		`create table public.parent (like public.prices including all); alter table public.prices inherit public.parent;
		update public.parent set note = 'x'; alter table public.prices no inherit public.parent`,
		'owner_can',
	),
	entry(
		'rows changed as a partition for a moment',
		`create table public.parent (like public.prices) partition by list (id); alter table public.parent attach partition public.prices default;
		delete from public.parent where id = 2; alter table public.parent detach partition public.prices`,
		'owner_can',
	),
	entry('rows changed by a new type', `alter table public.prices alter note type text using 'x'`, 'owner_can'),
	entry(
		'rows changed while the guards are off',
		`alter table public.prices disable trigger user; update public.prices set note = 'x'; alter table public.prices enable always trigger governance_a_assert_safe;
		alter table public.prices enable always trigger governance_z_block_after; alter table public.prices enable always trigger governance_m_birth_insert;
		alter table public.prices enable always trigger governance_m_birth_update; alter table public.prices enable always trigger governance_m_birth_delete`,
		'owner_can',
	),
	entry(
		'a guard with a condition that is never true',
		`drop trigger governance_a_assert_safe on public.prices; create trigger governance_a_assert_safe before update on public.prices
		for each statement when (false) execute function pg_catalog.suppress_redundant_updates_trigger()`,
		'owner_can',
	),
	entry(
		'the table exchanged for another of its name',
		`create table public.swap (like public.prices including all); drop table public.prices cascade; alter table public.swap rename to prices`,
		'owner_can',
	),
	entry(
		'a domain as its type',
		'create domain public.writing as text; alter table public.prices alter note type public.writing',
		'owner_can',
	),
	entry(
		'a generated column',
		'alter table public.prices add doubled int generated always as (amount * 2) stored',
		'owner_can',
	),
	entry('ALTER EXTENSION … ADD TABLE', 'alter extension plpgsql add table public.prices', 'refused', 'power'),
	entry('CREATE FOREIGN DATA WRAPPER', 'create foreign data wrapper planted', 'refused', 'power'),
	entry(
		'CREATE SUBSCRIPTION',
		`create subscription planted connection 'dbname=nowhere' publication p with (connect = false)`,
		'refused',
		'power',
	),
	entry(
		'CREATE PUBLICATION of the content table',
		'create publication planted for table public.prices',
		'harmless',
		'none',
	),
];

/** What hangs on the content table. A counter is no governed row: moved, it makes the next insert fail at worst. */
export const SEQUENCE_AND_INDEX: readonly SqlEntry[] = [
	entry('its sequence: nextval', `select nextval('public.prices_id_seq')`, 'harmless', 'none'),
	entry('its sequence: setval', `select setval('public.prices_id_seq', 1)`, 'harmless', 'none'),
	entry('its sequence: ALTER SEQUENCE', 'alter sequence public.prices_id_seq restart 1', 'harmless', 'none'),
	entry('its sequence: OWNED BY NONE', 'alter sequence public.prices_id_seq owned by none', 'owner_can'),
	entry('its sequence: DROP', 'drop sequence public.prices_id_seq cascade', 'owner_can'),
	entry('its index: DROP INDEX', 'drop index public.prices_note', 'owner_can'),
	entry('its index: ALTER INDEX', 'alter index public.prices_note rename to planted', 'owner_can'),
];

/** What the owner of the database may, and what nobody can keep a role from doing to itself. */
export const WHOLE_DATABASE: readonly SqlEntry[] = [
	entry(
		'the database: ALTER DATABASE SET',
		`do $$ begin execute format('alter database %I set search_path = planted', current_database()); end $$`,
		'harmless',
		'power',
	),
	entry('DROP OWNED BY the role of the registry', 'drop owned by governance_owner cascade', 'refused', 'power'),
	// It throws away what it owns and what it was granted: the registry and content held apart keep every row.
	entry('DROP OWNED BY itself', 'drop owned by directus cascade', 'owner_can', 'change', 'owner_can'),
	entry(
		'REASSIGN OWNED of everybody',
		'reassign owned by governance_owner, governance_writer to directus',
		'refused',
		'power',
	),
];
