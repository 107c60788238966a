import type { Statement } from '../support/attempt.ts';
import { ROLE_ATTACKS, SCHEMA_ATTACKS } from '../support/role-attacks.ts';
import { CONTRACTS, EMPTY, rowAttacks, structureAttacks, TOOLS, type Victim } from '../support/table-attacks.ts';
import type { Expectation, SqlEntry } from './entry.ts';
import { BY_WAY_OF, SEQUENCE_AND_INDEX, WHOLE_DATABASE } from './more-attacks.ts';

/** The content table of the fixture. */
const PRICES: Victim = {
	table: 'public.prices',
	key: 'id',
	column: 'note',
	row: { id: 9, sku: 'planted', amount: 1, note: 'n' },
};

type Attacks = Record<string, Statement>;

const NOTHING =
	/of nothing|RETURNING|deleting CTE|FOR (UPDATE|SHARE|NO KEY)|LOCK|its own|of the key|DO NOTHING|^MERGE delete|CLUSTER|REINDEX/;

const group = (
	aim: string,
	attacks: Attacks,
	single: (name: string) => Expectation,
	effect: (name: string) => SqlEntry['effect'] = (name) => (NOTHING.test(name) ? 'none' : 'change'),
	separated: (name: string) => Expectation = () => 'refused',
): SqlEntry[] =>
	Object.entries(attacks).map(([name, statement]) => ({
		path: `${aim}: ${name}`,
		statement,
		separated: separated(name),
		single: single(name),
		effect: effect(name),
	}));

const sql = (text: string): Statement => ({ sql: text });

/** The shared forms fitted to a table with an integer key and no registry beside it. */
const CONTENT_ROWS: Attacks = {
	...rowAttacks(PRICES),
	DELETE: sql('delete from public.prices where id = 2'),
	TRUNCATE: sql('truncate public.prices cascade'),
	'MERGE delete': sql(
		'merge into public.prices t using public.prices s on t.id = s.id when matched and t.id = 2 then delete',
	),
	'UPDATE of the key': sql('update public.prices set id = id + 100'),
};

const CONTENT_STRUCTURE: Attacks = {
	...structureAttacks(PRICES),
	'SET SCHEMA': sql('create schema if not exists planted; alter table public.prices set schema planted'),
	'SET UNLOGGED': sql('alter table public.orders set unlogged; alter table public.prices set unlogged'),
	'DROP NOT NULL': sql('alter table public.prices alter column sku drop not null'),
	DROP: sql('drop table public.prices cascade'),
	REFERENCES: sql('create table public.planted (x int references public.prices (id) on delete cascade)'),
	'OWNER TO': sql('alter table public.prices owner to directus'),
};

const LOCKS = /^(SELECT … FOR|LOCK)/;
const UPKEEP = /^(CLUSTER|REINDEX|OWNER TO)$/;

/** What the owner of schema public may do to any table in it. */
const SCHEMA_OWNER = /^(DROP|DROP CASCADE|DROP SCHEMA public|RENAME SCHEMA public)$/;

const REGISTRY: [string, Victim][] = [
	['an empty registry table', EMPTY],
	['a filled registry table', TOOLS],
	['a contract', CONTRACTS],
];

/** A form that changes what is there changes nothing where nothing is; the guard on the statement refuses it all the same. */
const findsNothing = (victim: Victim, name: string): boolean =>
	NOTHING.test(name) ||
	(victim === EMPTY && /^(UPDATE|DELETE|TRUNCATE|MERGE update|DO block)/.test(name)) ||
	(victim === CONTRACTS && name === 'DELETE');

/** Everything Directus's role can say in SQL to governed tables, to their guards, and about who it is. */
export const SQL_ENTRIES: readonly SqlEntry[] = [
	...group('content rows', CONTENT_ROWS, (name) => (LOCKS.test(name) ? 'harmless' : 'refused')),
	...group('content structure', CONTENT_STRUCTURE, (name) => (UPKEEP.test(name) ? 'harmless' : 'owner_can')),
	...REGISTRY.flatMap(([aim, victim]) => [
		...group(
			`${aim}, rows`,
			rowAttacks(victim),
			() => 'refused',
			(name) => (findsNothing(victim, name) ? 'none' : 'change'),
		),
		...group(`${aim}, structure`, structureAttacks(victim), (name) =>
			SCHEMA_OWNER.test(name) ? 'owner_can' : 'refused',
		),
	]),
	...group(
		'schema governance',
		SCHEMA_ATTACKS,
		() => 'refused',
		(name) =>
			/^(read|use|GRANT EXECUTE|claim former|burn|turn the|take a|edit|shorten|remove the head|read grants)/.test(name)
				? 'none'
				: 'change',
	),
	...group(
		'roles and the server',
		ROLE_ATTACKS,
		(name) =>
			SCHEMA_OWNER.test(name)
				? 'owner_can'
				: /^ALTER (DATABASE|SCHEMA public) OWNER$/.test(name)
					? 'harmless'
					: 'refused',
		() => 'power',
	),
	...BY_WAY_OF,
	...SEQUENCE_AND_INDEX,
	...WHOLE_DATABASE,
];
