import type pg from 'pg';
import { take, takeCreate } from './steward-scene.ts';

export interface Attackers {
	/** Two sessions of Directus's role. */
	one: pg.Client;
	two: pg.Client;
}

type Attack = (attackers: Attackers) => Promise<unknown>;

const transaction =
	(work: (client: pg.Client) => Promise<unknown>): Attack =>
	async ({ one }) => {
		await one.query('begin');
		await work(one);
		await one.query('commit');
	};

const under = (sql: string, asked?: Parameters<typeof take>[1]): Attack =>
	transaction(async (client) => {
		await take(client, asked);
		await client.query(sql);
	});

const creating = (sql: string, rows = 1): Attack =>
	transaction(async (client) => {
		await takeCreate(client, rows);
		await client.query(sql);
	});

const TAG = `'00000000-0000-4000-8000-000000000002'`;

/** Each of these ends in changed rows where nobody checks permits. */
export const PERMIT_ATTACKS: Record<string, Attack> = {
	'update without a permit': ({ one }) => one.query('update public.prices set price = 777 where id = 1'),
	'insert without a permit': ({ one }) => one.query(`insert into public.prices (name) values ('x')`),
	'delete without a permit': ({ one }) => one.query('delete from public.prices where id = 1'),
	'another column': under(`update public.prices set secret = 'x' where id = 1`),
	'another column beside the right one': under(`update public.prices set price = 777, secret = 'x' where id = 1`),
	'a column of another rule': under(`update public.prices set name = 'taken' where id = 1`),
	'a column of another type: json': under(`update public.prices set data = '{"a":1}' where id = 1`),
	'a column made null': under('update public.prices set secret = null where id = 1'),
	'another row': under('update public.prices set price = 777 where id = 2'),
	'another row beside the right one': under('update public.prices set price = 777 where id in (1, 2)'),
	'every row': under('update public.prices set price = 777'),
	'a change no setting shows': transaction(async (client) => {
		await take(client);
		await client.query('set local extra_float_digits = -15');
		await client.query('update public.prices set weight = weight + 1e-9 where id = 1');
	}),
	'a number that is equal but not the same': under(`update public.tags set hidden = 'h1 ' where true`, {
		collection: 'tags',
		rules: ['taggers'],
		keys: ['00000000-0000-4000-8000-000000000001'],
	}),
	'another key': under('update public.prices set id = 99 where id = 1'),
	'another key that the permit names': under('update public.prices set id = 99 where id = 1', { keys: ['1', '99'] }),
	'a delete under an update’s permit': under('delete from public.prices where id = 1'),
	'an insert under an update’s permit': under(`insert into public.prices (name) values ('x')`),
	'an update under a delete’s permit': under('update public.prices set price = 777 where id = 1', {
		action: 'delete',
		rules: ['removers'],
	}),
	'a permit of another table': under(`update public.tags set label = 'taken'`),
	'a second statement under one permit': transaction(async (client) => {
		await take(client);
		await client.query('update public.prices set price = price where id = 1');
		await client.query('update public.prices set price = 777 where id = 1');
	}),
	'a second statement after one that touched nothing': transaction(async (client) => {
		await take(client);
		await client.query('update public.prices set price = 777 where false');
		await client.query('update public.prices set price = 777 where id = 1');
	}),
	'the same permit in the next transaction': async ({ one }) => {
		await one.query('begin');
		await take(one);
		await one.query('commit');
		await one.query('update public.prices set price = 777 where id = 1');
	},
	'the permit of a transaction that was rolled back': async ({ one }) => {
		await one.query('begin');
		await take(one);
		await one.query('rollback');
		await one.query('update public.prices set price = 777 where id = 1');
	},
	'the permit of a prepared transaction, before and after its end': async ({ one }) => {
		await one.query('begin');
		await take(one);
		await one.query(`prepare transaction 'permit'`);
		try {
			await one.query('update public.prices set price = 777 where id = 1');
		} finally {
			await one.query('rollback');
			await one.query(`commit prepared 'permit'`);
		}
		await one.query('update public.prices set price = 778 where id = 1');
	},
	'the permit of another session': async ({ one, two }) => {
		await one.query('begin');
		await take(one);
		try {
			await two.query('update public.prices set price = 777 where id = 1');
		} finally {
			await one.query('commit');
		}
	},
	'a permit taken in a savepoint that was rolled back': transaction(async (client) => {
		await client.query('savepoint s');
		await take(client);
		await client.query('rollback to savepoint s');
		await client.query('update public.prices set price = 777 where id = 1');
	}),
	'a permit spent, rolled back, spent, and used again': transaction(async (client) => {
		await take(client);
		await client.query('savepoint s');
		await client.query('update public.prices set price = 8 where id = 1');
		await client.query('rollback to savepoint s');
		await client.query('update public.prices set price = 777 where id = 1');
		await client.query('update public.prices set price = 778 where id = 1');
	}),
	'two permits put together for one statement': transaction(async (client) => {
		await take(client);
		await take(client, { keys: ['2'] });
		await client.query('update public.prices set price = 777 where id in (1, 2)');
	}),
	'two permits whose columns are put together': transaction(async (client) => {
		await take(client);
		await take(client, { rules: ['namers'] });
		await client.query(`update public.prices set price = 777, name = 'taken' where id = 1`);
	}),
	'a permit taken inside the statement': ({ one }) =>
		one.query(`with taken as materialized (
				select governance.take_permit('prices', 'update', '{editors}', '{1}', null, gen_random_uuid(), '{}') as t)
			update public.prices set price = 777 from taken where id = 1`),
	'INSERT … ON CONFLICT DO UPDATE with a permit to create': creating(
		`insert into public.prices (id, name) values (1, 'x') on conflict (id) do update set name = 'taken'`,
	),
	'INSERT … ON CONFLICT DO UPDATE of another column': transaction(async (client) => {
		await takeCreate(client);
		await take(client);
		await client.query(
			`insert into public.prices (id, name) values (1, 'x') on conflict (id) do update set secret = 'x'`,
		);
	}),
	'MERGE that updates another row': under(
		'merge into public.prices t using (values (1), (2)) s (id) on t.id = s.id when matched then update set price = 777',
	),
	'MERGE that also deletes': under(
		`merge into public.prices t using (values (1), (2)) s (id) on t.id = s.id
		when matched and t.id = 1 then update set price = 777 when matched then delete`,
	),
	'MERGE that also inserts': under(
		`merge into public.prices t using (values (1), (77)) s (id) on t.id = s.id
		when matched then update set price = 777 when not matched then insert (name) values ('x')`,
	),
	'a data-modifying CTE beside the permitted update': under(
		`with beside as (update public.prices set price = 777 where id = 2 returning 1) update public.prices set price = 777 where id = 1`,
	),
	'a data-modifying CTE that deletes': under(
		'with beside as (delete from public.prices where id = 2 returning 1) update public.prices set price = 777 where id = 1',
	),
	'more rows than the permit': creating(`insert into public.prices (name) values ('x'), ('y')`),
	'a new row with another column': creating(`insert into public.prices (name, secret) values ('x', 'x')`),
	'a new row with a default replaced': creating(`insert into public.prices (name, note) values ('x', 'x')`),
	'a new row with a default made null': creating(`insert into public.prices (name, note) values ('x', null)`),
	'a new row of another time': creating(`insert into public.prices (name, made) values ('x', now() - interval '1 s')`),
	'a new row with a key of one’s own': creating(`insert into public.prices (id, name) values (999, 'x')`),
	'a new row with a key that was given before': creating(`insert into public.prices (id, name) values (4, 'x')`),
	'a new row with a key below zero': creating(`insert into public.prices (id, name) values (-1, 'x')`),
	'a new row with another column, uuid': transaction(async (client) => {
		await take(client, { collection: 'tags', action: 'create', rules: ['taggers'], keys: null, rows: 1 });
		await client.query(`insert into public.tags values (${TAG}, 'x', 'x')`);
	}),
	'a new row with another key than the permit’s': transaction(async (client) => {
		const key = '00000000-0000-4000-8000-000000000003';
		await take(client, { collection: 'tags', action: 'create', rules: ['taggers'], keys: [key], rows: 1 });
		await client.query(`insert into public.tags (id, label) values (${TAG}, 'x')`);
	}),
	'other rows than the permit’s deleted': under('delete from public.prices where id in (1, 2)', {
		action: 'delete',
		rules: ['removers'],
	}),
	'tables in place of the transition tables': transaction(async (client) => {
		await client.query(`create temp table old_rows on commit drop as select * from public.prices where false;
			create temp table new_rows on commit drop as select * from public.prices where false`);
		await take(client);
		await client.query(`update public.prices set secret = 'x' where id = 1`);
	}),
	'a function in place of the comparison': transaction(async (client) => {
		await client.query(`create or replace function public.record_image_ne(record, record) returns boolean language plpgsql as 'begin return false; end';
			create or replace function pg_temp.record_image_ne(record, record) returns boolean language plpgsql as 'begin return false; end';
			set local search_path = public, pg_temp, pg_catalog`);
		await take(client);
		await client.query(`update public.prices set secret = 'x' where id = 1`);
	}),
	'through a view': transaction(async (client) => {
		await client.query('create view public.planted as select * from public.prices');
		await take(client);
		await client.query(`update public.planted set secret = 'x' where id = 1; drop view public.planted`);
	}),
	'through a function with the rights of its owner': transaction(async (client) => {
		await client.query(`create function public.planted() returns void language sql security definer
			as $$ update public.prices set secret = 'x' where id = 1 $$`);
		await take(client);
		await client.query('select public.planted(); drop function public.planted()');
	}),
};

/** Lines for COPY … FROM STDIN, under a permit for one new row. */
export const COPY_ATTACKS: Record<string, { sql: string; copy: string }> = {
	'COPY of two rows': { sql: 'copy public.prices (name) from stdin', copy: 'x\ny\n' },
	'COPY of another column': { sql: 'copy public.prices (name, secret) from stdin', copy: 'x\tx\n' },
	'COPY with keys': { sql: 'copy public.prices (id, name) from stdin', copy: '999\tx\n' },
};
