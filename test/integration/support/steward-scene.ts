import type pg from 'pg';
import type { GovernanceDeclaration } from '../../../src/config/schema.ts';

/** One serial table and one with keys that their makers name, each with stewards of a part of it. */
export const STEWARD_TABLES = `
	create table public.prices (id serial primary key, name text, price numeric(10, 2), note text default 'none',
		secret text, weight double precision, data json, made timestamptz default now(), size bigint default 0);
	create table public.tags (id uuid primary key, label text, hidden text);`;

/** Row 4 is deleted again: its key has been given once. */
export const STEWARD_ROWS = `
	insert into public.prices (name, price, secret, weight, data) values
		('one', 1, 's1', 1, '{"a": 1}'), ('two', 2, 's2', 2, '{}'), ('three', 3, 's3', 3, '{}'), ('four', 4, 's4', 4, '{}');
	delete from public.prices where id = 4;
	insert into public.tags values ('00000000-0000-4000-8000-000000000001', 'first', 'h1');`;

const rule = (name: string, actions: string[], fields: '*' | string[]) => ({
	name,
	roles: ['editor'],
	actions,
	fields,
});

export const STEWARDED = {
	collections: {
		prices: {
			stewards: [
				rule('editors', ['update'], ['price']),
				rule('namers', ['update'], ['name']),
				rule('makers', ['create'], ['name', 'price']),
				rule('removers', ['delete'], '*'),
			],
		},
		tags: { stewards: [rule('taggers', ['create', 'update'], ['label'])] },
		laws: {},
	},
} as unknown as Partial<GovernanceDeclaration>;

export interface PermitAsked {
	collection?: string;
	action?: string;
	rules?: string[] | null;
	keys?: string[] | null;
	rows?: number | null;
}

/** Takes a permit as the bundle does; by default for a new price of row 1. */
export async function take(client: Pick<pg.Client, 'query'>, asked: PermitAsked = {}): Promise<void> {
	const { collection = 'prices', action = 'update', rules = ['editors'], keys = ['1'], rows = null } = asked;
	await client.query(`select governance.take_permit($1, $2, $3, $4, $5, gen_random_uuid(), '{"user": "ann"}')`, [
		collection,
		action,
		rules,
		keys,
		rows,
	]);
}

/** Takes a permit to create rows of prices. */
export const takeCreate = (client: Pick<pg.Client, 'query'>, rows = 1) =>
	take(client, { action: 'create', rules: ['makers'], keys: null, rows });

/** Puts the guards of both tables back as apply leaves them: on in every session. */
export const GUARDS_ON = `do $$ declare t record; begin
	for t in select tgrelid::regclass as home, tgname from pg_trigger where tgname like 'governance%' and tgrelid in ('public.prices'::regclass, 'public.tags'::regclass)
	loop execute format('alter table %s enable always trigger %I', t.home, t.tgname); end loop; end $$`;
