import type { Pool } from 'pg';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { readBundleRows } from '../../src/adapters/postgres/bundle-rows.ts';
import { withDescriptions } from '../../src/adapters/postgres/described-watch.ts';
import type { PolicyDocument } from '../../src/contracts/policy.ts';
import { AUDITED_COLLECTIONS, METADATA_TABLES } from '../../src/core/governed-tables.ts';
import { attempt, attemptAndUndo } from './support/attempt.ts';
import { appliedChanges, collections, plannedChanges } from './support/governed-database.ts';
import { undone, useScene } from './support/scene.ts';

const OLD = '00000000-0000-4000-8000-00000000f001';
const LAWFUL = '00000000-0000-4000-8000-00000000f002';
const DORMANT = '00000000-0000-4000-8000-00000000f003';
const FILTER = '00000000-0000-4000-8000-00000000f004';
const EXEC = '00000000-0000-4000-8000-00000000e001';
const LOG = '00000000-0000-4000-8000-00000000e002';
const DORMANT_EXEC = '00000000-0000-4000-8000-00000000e003';

const flow = (id: string, status: string, trigger = 'webhook', options = '{}') =>
	`insert into public.directus_flows (id, name, status, trigger, options) values ('${id}', 'f', '${status}', '${trigger}', '${options}')`;
const operation = (id: string, of: string, type: string) =>
	`insert into public.directus_operations (id, key, type, position_x, position_y, flow, options) values ('${id}', 'k_${type.replaceAll('-', '_')}', '${type}', 1, 1, '${of}', '{"a": 1, "b": 2}')`;
const entry = (collection: string, action = 'update', age = 'now()') =>
	`insert into public.directus_activity (action, collection, item, timestamp) values ('${action}', '${collection}', '1', ${age})`;

/** Flows that stood there before the policy did, and an audit trail of what is governed and what is not. */
const BEFORE = `
	create table public.articles (id int primary key); create table public.notes (id int primary key);
	insert into public.directus_collections (collection) values ('articles'), ('notes');
	${flow(OLD, 'active')}; ${operation(EXEC, OLD, 'exec')}; ${operation(LOG, OLD, 'log')};
	update public.directus_operations set resolve = '${LOG}' where id = '${EXEC}'; update public.directus_flows set operation = '${EXEC}' where id = '${OLD}';
	${flow(DORMANT, 'inactive')}; ${operation(DORMANT_EXEC, DORMANT, 'exec')};
	${flow(FILTER, 'active', 'event', '{"type": "filter", "return": "$last"}')};
	${flow(LAWFUL, 'active')};
	${entry('articles')}; ${entry('notes')}; ${entry('directus_flows')}; ${entry('directus_flows', 'run')};
	insert into public.directus_revisions (activity, collection, item, data) select id, collection, item, case action when 'run' then '{"steps": [], "data": {}}'::json else '{"trigger": "webhook"}' end from public.directus_activity;`;

const scene = useScene(() => inject('cluster'), { flows: { mode: 'report' } });
const DECLARED = collections('articles');

beforeAll(async () => {
	await scene().directus.query(BEFORE);
	appliedChanges(await scene().database.apply(DECLARED));
});

const NEW = 'gen_random_uuid()';
const added = (type: string) => operation('x', LAWFUL, type).replace("'x'", NEW);
const made = (options: string) => flow('x', 'active', 'event', options).replace("'x'", NEW);

const FLOW_ATTACKS: Record<string, string> = {
	'add an operation that writes': added('item-create'),
	'add one that runs code': added('exec'),
	'add one that calls back': added('request'),
	'add one of another case': added('LOG'),
	'add one whose type ends with a blank': added('log '),
	'add one nobody knows': added('transform-2'),
	'turn a helper into code': `update public.directus_operations set type = 'exec' where id = '${LOG}'`,
	'change the code': `update public.directus_operations set options = '{"code": "x"}' where id = '${EXEC}'`,
	'change its key': `update public.directus_operations set key = 'other' where id = '${EXEC}'`,
	'move it to another flow': `update public.directus_operations set flow = '${LAWFUL}', resolve = null where id = '${EXEC}'`,
	'let it lead elsewhere': `update public.directus_operations set reject = '${LOG}' where id = '${EXEC}'`,
	'activate a flow that holds code': `update public.directus_flows set status = 'active' where id = '${DORMANT}'`,
	'let a flow with code answer a webhook': `update public.directus_flows set trigger = 'manual' where id = '${OLD}'`,
	'hide its runs': `update public.directus_flows set accountability = null where id = '${OLD}'`,
	'let it begin elsewhere': `update public.directus_flows set operation = '${LOG}' where id = '${OLD}'`,
	'make a filter that replaces payloads': made('{"type": "filter", "return": "$last"}'),
	'make one with the word twice': made('{"type": "filter", "return": null, "return": "$all"}'),
	'make one as text within text': made('"{\\"type\\": \\"filter\\", \\"return\\": \\"$last\\"}"'),
	'change what a filter replaces': `update public.directus_flows set options = '{"type": "filter", "return": "$all"}' where id = '${FILTER}'`,
	'turn a flow into such a filter': `update public.directus_flows set trigger = 'event', options = '{"type": "filter", "return": "x"}' where id = '${LAWFUL}'`,
	upsert: `${operation(EXEC, OLD, 'exec')} on conflict (id) do update set options = '{"code": "x"}'`,
	merge: `merge into public.directus_operations o using (values (1)) v on o.id = '${LOG}' when matched then update set type = 'exec'`,
	cte: `with u as (update public.directus_operations set type = 'item-delete' where id = '${LOG}' returning 1) select * from u`,
};

const AUDIT_ATTACKS: Record<string, string> = {
	'delete what tells of a governed collection': `delete from public.directus_activity where collection = 'articles'`,
	'delete what tells of flows': `delete from public.directus_activity where collection = 'directus_flows' and action = 'update'`,
	'delete everything': 'delete from public.directus_activity',
	'delete its revision': `delete from public.directus_revisions where collection = 'articles'`,
	'delete a revision of a flow': `delete from public.directus_revisions where collection = 'directus_flows'`,
	'change who did it': `update public.directus_activity set "user" = null, ip = '::1' where collection = 'articles'`,
	'let it tell of something else': `update public.directus_activity set collection = 'notes' where collection = 'articles'`,
	'turn a change into a run': `update public.directus_activity set action = 'run' where collection = 'directus_flows'`,
	'forge one from another': `update public.directus_activity set collection = 'articles' where collection = 'notes'`,
	'change what was written': `update public.directus_revisions set data = '{}' where collection = 'articles'`,
	'change the delta and the parent': `update public.directus_revisions set delta = '{}', parent = id where collection = 'articles'`,
	'truncate activity': 'truncate public.directus_activity cascade',
	'truncate revisions': 'truncate public.directus_revisions cascade',
	'cascade from an entry that was made open': `with a as (insert into public.directus_activity (action, collection, item) values ('x', 'notes', '1') returning id)
		insert into public.directus_revisions (activity, collection, item) select id, 'articles', '1' from a; delete from public.directus_activity where collection = 'notes'`,
};

const LAWFUL_WRITES: Record<string, string> = {
	'a new flow': flow('x', 'active').replace("'x'", NEW),
	'a helper': added('condition'),
	'our dispatch': added('governed-dispatch'),
	'our sync': added('governed-cdc-sync'),
	'a filter that only refuses': made('{"type": "filter", "scope": ["items.create"], "return": ""}'),
	'an action flow that returns': made('{"type": "action", "return": "$last"}'),
	'an inactive filter': flow('x', 'inactive', 'event', '{"type": "filter", "return": "x"}').replace("'x'", NEW),
	'a filter that returns no more': `update public.directus_flows set options = '{"type": "filter"}' where id = '${FILTER}'`,
	'an old flow renamed': `update public.directus_flows set name = 'n', color = 'red' where id = '${OLD}'`,
	'an old flow switched off': `update public.directus_flows set status = 'inactive' where id = '${OLD}'`,
	'an old flow deleted': `update public.directus_operations set resolve = null, reject = null where flow = '${OLD}'; delete from public.directus_flows where id = '${OLD}'`,
	'an old operation moved on the canvas': `update public.directus_operations set position_x = 9, name = 'n' where id = '${EXEC}'`,
	'an old operation made harmless': `update public.directus_operations set type = 'log' where id = '${EXEC}'`,
	'an old operation deleted': `update public.directus_flows set operation = null where id = '${OLD}'; delete from public.directus_operations where id = '${EXEC}'`,
	'the same options in another order': `update public.directus_operations set options = '{"b": 2, "a": 1}' where id = '${EXEC}'`,
	'new entries': `${entry('articles')}; ${entry('directus_flows')}`,
	'entries of an open collection': `delete from public.directus_revisions where collection = 'notes'; delete from public.directus_activity where collection = 'notes'`,
	'logs of runs': `delete from public.directus_activity where action = 'run'`,
	'revisions of runs': `delete from public.directus_revisions where data::jsonb ? 'steps'`,
	'a revision put under its parent': `update public.directus_revisions set parent = (select min(id) from public.directus_revisions) where collection = 'articles'`,
	'a revision whose parent goes': `update public.directus_revisions set parent = null where collection = 'articles'`,
};

async function unguarded<T>(work: () => Promise<T>): Promise<T> {
	const { superuser } = scene();
	return undone(superuser, async () => {
		for (const { name } of METADATA_TABLES) await superuser.query(`alter table public.${name} disable trigger user`);
		return work();
	});
}

describe.each([
	['flows', FLOW_ATTACKS, /^\[DENIED\] directus_(flows|operations)\.(insert|update): /],
	[
		'the audit trail',
		AUDIT_ATTACKS,
		/^\[DENIED\] directus_(activity|revisions)\.(update|delete|truncate): the audit trail of \S+/,
	],
] as const)('%s', (_, attacks, message) => {
	test.each(Object.entries(attacks))('%s is refused', async (_name, sql) => {
		const { directus, superuser } = scene();
		await undone(directus, async () =>
			expect(await attempt(directus, sql)).toMatchObject({ code: 'GD005', message: expect.stringMatching(message) }),
		);
		await unguarded(async () => expect(await attempt(superuser, sql)).toMatchObject({ code: null, message: '' }));
	});
});

test.each(Object.entries(LAWFUL_WRITES))('%s may be written', async (_, sql) => {
	const { directus } = scene();
	await undone(directus, async () => {
		const { code, message } = await attempt(directus, sql);
		expect({ code, message }).toEqual({ code: null, message: '' });
	});
});

test('deletion of an open collection works as Directus does it, also where a kept revision stands under one of it', async () => {
	const { directus } = scene();
	await undone(directus, async () => {
		await directus.query(
			`update public.directus_revisions set parent = (select id from public.directus_revisions where collection = 'notes') where collection = 'articles'`,
		);
		for (const sql of [
			`update "directus_revisions" set "parent" = null where "parent" in (select id from public.directus_revisions where collection = 'notes')`,
			`delete from "directus_revisions" where "collection" = 'notes'`,
			`delete from "directus_activity" where "collection" = 'notes'`,
		])
			expect(await attempt(directus, sql)).toMatchObject({ code: null, rows: 1 });
	});
});

describe('retention as Directus writes it', () => {
	const batch = (table: string) =>
		`delete from "${table}" where "id" in (select "${table}"."id" from "${table}" where "timestamp" < now() + interval '1 day' limit 500)`;
	const left = async () => {
		const { rows } = await scene().directus.query<{ collection: string }>(
			`select collection from public.directus_activity order by 1`,
		);
		return rows.map(({ collection }) => collection);
	};

	test('goes on, and keeps what is kept', async () => {
		const { directus } = scene();
		await undone(directus, async () => {
			expect(await attempt(directus, batch('directus_activity'))).toEqual({ code: null, message: '', rows: 2 });
			expect(await left()).toEqual(['articles', 'directus_flows']);
			const { rows } = await directus.query('select collection from public.directus_revisions order by 1');
			expect(rows).toEqual([{ collection: 'articles' }, { collection: 'directus_flows' }]);
		});
	});

	test('its words hide nothing else: in a function, in a second statement, in another case', async () => {
		const { directus } = scene();
		for (const sql of [
			`do $$ begin ${batch('directus_activity')}; end $$`,
			`${batch('directus_revisions')}; delete from public.directus_activity`,
			batch('directus_activity')
				.toUpperCase()
				.replaceAll('"DIRECTUS_ACTIVITY"', 'directus_activity')
				.replaceAll('"ID"', 'id')
				.replaceAll('"TIMESTAMP"', '"timestamp"'),
		])
			await undone(directus, async () => {
				const { code } = await attemptAndUndo(directus, sql);
				const kept = await left();
				expect([code, ...kept]).toEqual(expect.arrayContaining(['articles']));
				expect(kept.filter((name) => name === 'articles')).toHaveLength(1);
			});
	});

	test('inside a cascade nothing is skipped, so that no revision loses its entry', async () => {
		const { directus } = scene();
		await undone(directus, async () => {
			await directus.query(`with a as (insert into public.directus_activity (action, collection, item) values ('x', 'notes', '1') returning id)
				insert into public.directus_revisions (activity, collection, item) select id, 'articles', '1' from a`);
			expect((await attemptAndUndo(directus, batch('directus_activity'))).code).toBe('GD005');
		});
	});
});

test('the database keeps the entries of the same collections as the process', async () => {
	const { operator } = scene();
	const { rows } = await operator.query<{ name: string }>(
		`select tablename as name from pg_tables where schemaname = 'public' and governance.audit_locked(jsonb_build_object('collection', tablename)) and tablename like 'directus\\_%' order by 1`,
	);
	expect(rows.map(({ name }) => name)).toEqual([...AUDITED_COLLECTIONS]);
});

test('a trigger that sorts later and swaps the type is caught by the last look', async () => {
	const { directus } = scene();
	await undone(directus, async () => {
		await directus.query(`create function public.swap() returns trigger language plpgsql as $$ begin new.type := 'exec'; return new; end $$;
			create trigger zz_swap before insert on public.directus_operations for each row execute function public.swap()`);
		expect((await attemptAndUndo(directus, added('log'))).code).toBe('GD005');
	});
});

describe('in mode report', () => {
	test('flows are not refused, the audit trail is', async () => {
		const { database, directus } = scene();
		const report = { ...DECLARED, flows: { mode: 'report' as const } };
		expect(plannedChanges(await database.plan(report))).toContainEqual(
			expect.objectContaining({ subject: 'flow policy', detail: expect.stringContaining('report') }),
		);
		appliedChanges(await database.apply(report));
		for (const sql of Object.values(FLOW_ATTACKS))
			await undone(directus, async () =>
				expect(await attempt(directus, sql)).toMatchObject({ code: null, message: '' }),
			);
		for (const sql of Object.values(AUDIT_ATTACKS))
			await undone(directus, async () => expect((await attempt(directus, sql)).code).toBe('GD005'));
		appliedChanges(await database.apply(DECLARED));
	});

	test('without a row of the policy nothing new is allowed', async () => {
		const { superuser } = scene();
		await undone(superuser, async () => {
			await superuser.query(
				`alter table governance.flow_policy disable trigger user; delete from governance.flow_policy; set local role directus`,
			);
			for (const sql of [
				added('log'),
				added('governed-dispatch'),
				`update public.directus_flows set status = 'active', name = 'x' where id = '${DORMANT}'`,
			])
				expect((await attemptAndUndo(superuser, sql)).code).toBe('GD005');
		});
	});
});

describe('how a governed collection is described', () => {
	const off = (table: string, sql: string) =>
		`alter table public.${table} disable trigger user; ${sql}; ${['guard', 'last_look', 'truncate'].map((name) => `alter table public.${table} enable always trigger governance_metadata_${name}`).join('; ')}`;
	const EDITS: Record<string, [table: string, sql: string]> = {
		'versioning switched on': [
			'directus_collections',
			`update public.directus_collections set archive_field = 'x' where collection = 'articles'`,
		],
		'made inactive': [
			'directus_collections',
			`update public.directus_collections set status = 'inactive' where collection = 'articles'`,
		],
		'a field planted': [
			'directus_fields',
			`insert into public.directus_fields (collection, field, special) values ('articles', 'x', 'alias')`,
		],
		'its row deleted': [
			'directus_collections',
			`delete from public.directus_collections where collection = 'articles'`,
		],
		'a relation planted': [
			'directus_relations',
			`insert into public.directus_relations (many_collection, many_field, one_collection, one_field) values ('notes', 'x', 'articles', 'kids')`,
		],
		'a relation to anything': [
			'directus_relations',
			`insert into public.directus_relations (many_collection, many_field, one_allowed_collections) values ('notes', 'y', 'notes, articles')`,
		],
	};

	test.each(Object.entries(EDITS))(
		'%s while the guard was off and on again is told by plan',
		async (_, [table, sql]) => {
			const { database, directus } = scene();
			expect((await database.plan(DECLARED)).kind).toBe('unchanged');
			await directus.query(off(table, sql));
			expect(plannedChanges(await database.plan(DECLARED))).toEqual([
				expect.objectContaining({
					area: 'structure',
					subject: 'articles',
					detail: expect.stringContaining('describe it'),
				}),
				expect.objectContaining({ area: 'policy' }),
			]);
			appliedChanges(await database.apply(DECLARED));
		},
	);

	test('another order of keys, another id and another colour are no change', async () => {
		const { database, directus } = scene();
		await directus.query(
			off(
				'directus_fields',
				`insert into public.directus_fields (collection, field, options) values ('articles', 'z', '{"a": 1, "b": [2]}')`,
			),
		);
		appliedChanges(await database.apply(DECLARED));
		await directus.query(
			off(
				'directus_fields',
				`delete from public.directus_fields where collection = 'articles' and field = 'z';
				insert into public.directus_fields (collection, field, options, sort) values ('articles', 'z', '{ "b":[2],"a":1}', 5)`,
			),
		);
		expect((await database.plan(DECLARED)).kind).toBe('unchanged');
	});
});

describe('the rows that load the bundle', () => {
	const seen = () => readBundleRows(scene().operator);
	const OWN = '00000000-0000-4000-8000-00000000c001';
	const row = (id: string, folder: string, parent: string) =>
		`insert into public.directus_extensions (id, folder, source, bundle, enabled) values (${id}, '${folder}', 'local', ${parent}, true)`;

	test('are complete, absent, or named where they are missing or off', async () => {
		const { superuser, directus } = scene();
		expect(await seen()).toEqual({ state: 'absent' });
		await directus.query(
			[
				row(`'${OWN}'`, 'x', 'null'),
				...['governed-guard', 'governance', 'governance-module'].map((name) =>
					row('gen_random_uuid()', name, `'${OWN}'`),
				),
			].join('; '),
		);
		expect(await seen()).toEqual({ state: 'complete' });
		await superuser.query(
			`alter table public.directus_extensions disable trigger user; delete from public.directus_extensions where folder = 'governance'; update public.directus_extensions set enabled = false where folder = 'governed-guard'`,
		);
		expect(await seen()).toEqual({
			state: 'incomplete',
			wrong: ['governed-guard is switched off', 'governance is missing'],
		});
		await superuser.query('create rule planted as on delete to public.directus_extensions do also nothing');
		expect(await seen()).toBeNull();
		await superuser.query(
			`drop rule planted on public.directus_extensions; delete from public.directus_extensions; ${['guard', 'last_look', 'truncate'].map((name) => `alter table public.directus_extensions enable always trigger governance_metadata_${name}`).join('; ')}`,
		);
	});
});

describe('the watch over descriptions', () => {
	test('names a collection whose rows were edited, at once when the catalogue changed and after a while otherwise', async () => {
		const { directus, database } = scene();
		let now = 0;
		let catalogue: string[] = [];
		const { described } = await signedPolicy();
		const watch = withDescriptions({ drift: () => Promise.resolve(catalogue) }, directus as unknown as Pool, () => now);
		const policy = { described } as PolicyDocument;
		expect(await watch.drift(policy)).toEqual([]);
		await undone(directus, async () => {
			await directus.query(
				`alter table public.directus_fields disable trigger user; insert into public.directus_fields (collection, field) values ('articles', 'watched')`,
			);
			expect(await watch.drift(policy)).toEqual([]);
			catalogue = ['a trigger is off'];
			expect(await watch.drift(policy)).toEqual(['a trigger is off', expect.stringContaining('articles')]);
		});
		now = 60_000;
		expect(await watch.drift(policy)).toEqual(['a trigger is off']);
		expect((await database.plan(DECLARED)).kind).toBe('unchanged');
	});

	async function signedPolicy(): Promise<PolicyDocument> {
		const { rows } = await scene().directus.query<{ jws: string }>(
			'select jws from governance.policy order by generation desc limit 1',
		);
		return JSON.parse(Buffer.from(rows[0]?.jws.split('.')[1] ?? '', 'base64url').toString('utf8')) as PolicyDocument;
	}
});
