/** What Directus's role plants on a table that the operator is about to touch. */
export interface Plant {
	sql: string;
	undo: string;
	/** What the refusal must name. */
	named: RegExp;
}

/**
 * Code that, with the operator's rights, registers a contract of its own; with anybody else's it does nothing. `gain_now`
 * may stand where only immutable functions may: PostgreSQL believes the label, and lets it call the other one.
 */
export const LOOT = `
	create function public.gain() returns text language plpgsql as $$
	begin
		execute 'set local role governance_writer';
		insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
			values (gen_random_uuid(), pg_current_xact_id(), '', '', '', '{}') on conflict do nothing;
		insert into public.dot_agent_api_contract
			select 'DOT_REGISTER', version, 'planted', path, modes, side_effects, input_schema, output_schema, '"*"', rate_per_minute, max_input_bytes, digest
			from public.dot_agent_api_contract on conflict do nothing;
		execute 'reset role';
		return 'gained';
	exception when others then
		return sqlerrm;
	end $$;
	create function public.gain_now(text) returns text language plpgsql immutable as $$ begin return public.gain(); end $$;
	create function public.gain_check(text) returns boolean language plpgsql immutable as $$ begin perform public.gain(); return true; end $$;
	create function public.gain_compare(text, text) returns boolean language plpgsql immutable as $$ begin perform public.gain(); return true; end $$;
	create function public.gain_trigger() returns trigger language plpgsql as $$ begin perform public.gain(); return new; end $$;
	create operator public.<~~> (function = public.gain_compare, leftarg = text, rightarg = text);
	create domain public.gaining as text check (public.gain_check(value));
`;

export const LOOTED = `select count(*)::int as looted from public.dot_agent_api_contract where executor = 'planted'`;

/** Each runs its code on a plain INSERT or SELECT of whoever uses the table. */
export function plantsOn(table: string): Record<string, Plant> {
	const name = table.split('.')[1] ?? '';
	return {
		trigger: {
			sql: `create trigger planted before insert on ${table} for each row execute function public.gain_trigger()`,
			undo: `drop trigger planted on ${table}`,
			named: /trigger that is not ours: planted/,
		},
		'trigger with our prefix': {
			sql: `create trigger governance_planted after insert on ${table} for each row execute function public.gain_trigger()`,
			undo: `drop trigger governance_planted on ${table}`,
			named: /trigger that is not ours: governance_planted/,
		},
		'deferred constraint trigger': {
			sql: `create constraint trigger planted after insert on ${table} deferrable initially deferred for each row execute function public.gain_trigger()`,
			undo: `drop trigger planted on ${table}`,
			named: /trigger that is not ours: planted/,
		},
		rule: {
			sql: `create rule planted as on insert to ${table} do also select public.gain()`,
			undo: `drop rule planted on ${table}`,
			named: /rewrite rule: planted/,
		},
		'row security': {
			sql: `create policy planted on ${table} using (public.gain_check('x')); alter table ${table} enable row level security, force row level security`,
			undo: `drop policy planted on ${table}; alter table ${table} disable row level security, no force row level security`,
			named: /row security or a policy: planted/,
		},
		default: {
			sql: `alter table ${table} add planted text default null; alter table ${table} alter planted set default public.gain()`,
			undo: `alter table ${table} drop planted`,
			named: /not built in.*function public\.gain\(\)/,
		},
		check: {
			sql: `alter table ${table} add constraint planted check (public.gain_check('x')) not valid`,
			undo: `alter table ${table} drop constraint planted`,
			named: /not built in.*gain_check/,
		},
		'check by way of an operator': {
			sql: `alter table ${table} add constraint planted check ('a'::text operator(public.<~~>) 'b'::text) not valid`,
			undo: `alter table ${table} drop constraint planted`,
			named: /not built in.*operator .*<~~>/,
		},
		'check by way of a cast to a domain': {
			sql: `alter table ${table} add constraint planted check ('a'::public.gaining is not null) not valid`,
			undo: `alter table ${table} drop constraint planted`,
			named: /not built in.*type public\.gaining/,
		},
		'generated column': {
			sql: `alter table ${table} add planted text generated always as (public.gain_now('x')) stored`,
			undo: `alter table ${table} drop planted`,
			named: /generated column: planted/,
		},
		'domain as a type': {
			sql: `alter table ${table} add planted public.gaining; alter table ${table} alter planted set default 'x'`,
			undo: `alter table ${table} drop planted`,
			named: /type is not built in.*: planted/,
		},
		'array of a domain': {
			sql: `alter table ${table} add planted public.gaining[]; alter table ${table} alter planted set default array['x']::public.gaining[]`,
			undo: `alter table ${table} drop planted`,
			named: /type is not built in.*: planted/,
		},
		'index expression, run by the planner': {
			sql: `create index planted on ${table} ((public.gain_now('x')))`,
			undo: 'drop index public.planted',
			named: /not built in.*gain_now/,
		},
		'partial index, run by the planner': {
			sql: `create index planted on ${table} ((1)) where public.gain_check('x')`,
			undo: 'drop index public.planted',
			named: /not built in.*gain_check/,
		},
		'statistics object, run by the planner': {
			sql: `create statistics public.planted on (public.gain_now('x')), (1) from ${table}`,
			undo: 'drop statistics public.planted',
			named: /not built in.*gain_now/,
		},
		'heir with an index expression': {
			sql: `create table public.planted () inherits (${table}); create index on public.planted ((public.gain_now('x')))`,
			undo: 'drop table public.planted',
			named: /inheritance/,
		},
		'view in its place': {
			sql: `alter table ${table} rename to original; create view ${table} as select o.*, public.gain() as planted from public.original o`,
			undo: `drop view ${table}; alter table public.original rename to ${name}`,
			named: /not an ordinary table|rewrite rule/,
		},
		'partitioned table in its place': {
			sql: `alter table ${table} rename to original; create table ${table} (like public.original including defaults, planted text default public.gain()) partition by range (planted); create table public.planted partition of ${table} default`,
			undo: `drop table ${table}; alter table public.original rename to ${name}`,
			named: /not an ordinary table/,
		},
	};
}
