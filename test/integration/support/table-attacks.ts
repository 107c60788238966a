import type { Statement } from './attempt.ts';

export interface Victim {
	table: string;
	key: string;
	/** A text column other than the key. */
	column: string;
	/** A whole row that could be stored. */
	row: Record<string, unknown>;
}

export const EMPTY: Victim = {
	table: 'public.governance_canonical_operation_vocab',
	key: 'operation',
	column: 'verb',
	row: { operation: 'planted', verb: 'v', object: 'o', qualifiers: {}, tools: [] },
};

export const TOOLS: Victim = {
	table: 'public.dot_tools',
	key: 'code',
	column: 'title',
	row: {
		code: 'DOT_PLANTED',
		title: 't',
		verb: 'v',
		object: 'o',
		description: 'd',
		version: '1',
		path: 'p',
		channel: 'dispatch',
		status: 'registered',
		last_executed: null,
	},
};

export const CONTRACTS: Victim = {
	table: 'public.dot_agent_api_contract',
	key: 'tool',
	column: 'executor',
	row: {
		tool: 'DOT_REGISTER',
		version: '1',
		executor: 'planted',
		path: '/p',
		modes: ['PLAN_ONLY'],
		side_effects: 'none',
		input_schema: {},
		output_schema: {},
		callers: '*',
		rate_per_minute: 1,
		max_input_bytes: 1,
		digest: 'd',
	},
};

/** Every way to change rows that PostgreSQL has, on one table. */
export function rowAttacks({ table, key, column, row }: Victim): Record<string, Statement> {
	const values = [JSON.stringify(row)];
	const source = `(select * from jsonb_populate_record(null::${table}, $1)) s`;
	const insert = `insert into ${table} select s.* from ${source}`;
	const fields = Object.values(row).map((value) =>
		value === null ? '\\N' : typeof value === 'object' || value === '*' ? JSON.stringify(value) : String(value),
	);
	return {
		INSERT: { sql: insert, values },
		'INSERT … ON CONFLICT DO UPDATE': {
			sql: `${insert} on conflict (${key}) do update set ${column} = 'x'`,
			values,
		},
		'INSERT … ON CONFLICT DO NOTHING': { sql: `${insert} on conflict do nothing`, values },
		'INSERT of nothing': { sql: `insert into ${table} select * from ${table} where false` },
		UPDATE: { sql: `update ${table} set ${column} = 'x'` },
		'UPDATE of the key': { sql: `update ${table} set ${key} = ${key}` },
		'UPDATE of nothing': { sql: `update ${table} set ${column} = 'x' where false` },
		'UPDATE … FROM': { sql: `update ${table} t set ${column} = 'x' from ${table} o where o.${key} = t.${key}` },
		DELETE: {
			sql: `delete from ${table} where ${key} not in (select tool from public.dot_agent_api_contract) or ${key} = 'x'`,
		},
		'DELETE … RETURNING': { sql: `delete from ${table} where false returning *` },
		TRUNCATE: { sql: `truncate ${table}, public.dot_agent_api_contract, public.governance_grants` },
		'TRUNCATE CASCADE': { sql: `truncate ${table} restart identity cascade` },
		COPY: { sql: `copy ${table} from stdin`, copy: `${fields.join('\t')}\n` },
		'MERGE insert': {
			sql: `merge into ${table} t using ${source} on t.${key} = s.${key} when not matched then insert values (${Object.keys(
				row,
			)
				.map((name) => `s.${name}`)
				.join(', ')})`,
			values,
		},
		'MERGE update': {
			sql: `merge into ${table} t using ${table} s on t.${key} = s.${key} when matched then update set ${column} = 'x'`,
		},
		'MERGE delete': {
			sql: `merge into ${table} t using ${table} s on t.${key} = s.${key} when matched and t.${key} = 'x' then delete`,
		},
		'writable CTE': { sql: `with w as (${insert} returning 1) select count(*) from w`, values },
		'deleting CTE': { sql: `with w as (delete from ${table} where false returning 1) select count(*) from w` },
		'SELECT … FOR UPDATE': { sql: `select * from ${table} for update` },
		'SELECT … FOR NO KEY UPDATE': { sql: `select * from ${table} for no key update` },
		'SELECT … FOR SHARE': { sql: `select * from ${table} for share` },
		'LOCK … EXCLUSIVE': { sql: `lock table ${table} in exclusive mode` },
		'INSERT through a view of its own': {
			sql: `create view public.through as select * from ${table}; insert into public.through select * from public.through where false`,
		},
		'UPDATE through a security invoker view': {
			sql: `create view public.through with (security_invoker) as select * from ${table}; update public.through set ${column} = 'x'`,
		},
		'INSERT in a definer function of its own': {
			sql: `create function public.deep() returns void language sql security definer as $$ delete from ${table} where false $$; select public.deep()`,
		},
		'DO block': { sql: `do $$ begin execute 'update ${table} set ${column} = ''x'''; end $$` },
	};
}

/** Every way to change the structure, the guards or the rights of one table. */
export function structureAttacks({ table, key, column }: Victim): Record<string, Statement> {
	const name = table.split('.')[1] ?? '';
	const alter = (what: string): Statement => ({ sql: `alter table ${table} ${what}` });
	return {
		'ADD COLUMN': alter('add column planted int'),
		'DROP COLUMN': alter(`drop column ${column}`),
		'ALTER COLUMN TYPE': alter(`alter column ${column} type varchar(9) using 'x'`),
		'SET DEFAULT': alter(`alter column ${column} set default 'x'`),
		'DROP NOT NULL': alter(`alter column ${column} drop not null`),
		'DROP CONSTRAINT': alter(`drop constraint ${name}_pkey cascade`),
		'ADD CONSTRAINT': alter('add constraint planted check (true)'),
		'RENAME TO': alter('rename to planted'),
		'RENAME COLUMN': alter(`rename column ${column} to planted`),
		'SET SCHEMA': alter('set schema governance'),
		'SET UNLOGGED': {
			sql: ['public.dot_agent_api_contract', 'public.governance_grants', table]
				.map((one) => `alter table ${one} set unlogged`)
				.join(';'),
		},
		'SET STATISTICS': alter(`alter column ${column} set statistics 1`),
		'REPLICA IDENTITY': alter('replica identity full'),
		'DISABLE TRIGGER ALL': alter('disable trigger user'),
		'DISABLE one guard': alter('disable trigger governance_a_assert_safe'),
		'ENABLE REPLICA TRIGGER': alter('enable replica trigger governance_a_assert_safe'),
		'DROP TRIGGER': { sql: `drop trigger governance_a_assert_safe on ${table}` },
		'RENAME TRIGGER': { sql: `alter trigger governance_a_assert_safe on ${table} rename to x` },
		'CREATE TRIGGER': {
			sql: `create function public.planted() returns trigger language plpgsql as 'begin return null; end';
				create trigger planted before insert on ${table} for each row execute function public.planted()`,
		},
		'CREATE RULE': { sql: `create rule planted as on insert to ${table} do instead nothing` },
		'CREATE INDEX': { sql: `create index planted on ${table} (${column})` },
		'CREATE POLICY': { sql: `create policy planted on ${table} using (false)` },
		'ENABLE ROW LEVEL SECURITY': alter('enable row level security'),
		'CREATE STATISTICS': { sql: `create statistics public.planted on ${key}, ${column} from ${table}` },
		'OWNER TO': alter('owner to directus'),
		GRANT: { sql: `grant all on ${table} to public` },
		'GRANT of a column': { sql: `grant update (${column}) on ${table} to directus` },
		REVOKE: { sql: `revoke select on ${table} from governance_reader` },
		COMMENT: { sql: `comment on table ${table} is 'planted'` },
		DROP: { sql: `drop table ${table}, public.dot_agent_api_contract, public.governance_grants` },
		'DROP CASCADE': { sql: `drop table ${table} cascade` },
		'RENAME of its index': { sql: `alter index public.${name}_pkey rename to planted` },
		'ALTER of its index': { sql: `alter index public.${name}_pkey set (fillfactor = 50)` },
		'DROP of its index': { sql: `alter table ${table} drop constraint ${name}_pkey cascade` },
		REFERENCES: { sql: `create table public.planted (x text references ${table} (${key}) on delete cascade)` },
		INHERITS: { sql: `create table public.planted () inherits (${table})` },
		'INHERIT from its own': {
			sql: `create table public.planted (like ${table}); alter table ${table} inherit public.planted`,
		},
		'ATTACH PARTITION': {
			sql: `create table public.planted (like ${table}) partition by list (${key}); alter table public.planted attach partition ${table} default`,
		},
		CLUSTER: { sql: `cluster ${table} using ${name}_pkey` },
		REINDEX: { sql: `reindex table ${table}` },
	};
}
