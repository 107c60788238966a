import { createHash, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { emptyDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { withClient } from '../../instance/roles.ts';
import { createEvidenceLog, evidenceBody } from '../../src/adapters/postgres/evidence-log.ts';
import { openPool } from '../../src/adapters/postgres/pool.ts';
import type { EvidenceEntry } from '../../src/contracts/evidence.ts';

let database: TestDatabase;
let pool: Pool;

/** Stands for `governance.append_evidence`: the same arguments and answers, one row per entry and one per call. */
const LOG = `
	create schema governance;
	create table governance.entries (n bigint generated always as identity, id uuid primary key, body text not null);
	create table governance.calls (n bigint generated always as identity, size integer not null);
	create function governance.append_evidence(p_entries jsonb) returns table (id uuid, entry_index bigint) language plpgsql as $$
	#variable_conflict use_column
	begin
		if p_entries @? '$[*].body ? (@ like_regex "poison")' then raise exception using errcode = '22023', message = 'poison'; end if;
		insert into governance.calls (size) values (jsonb_array_length(p_entries));
		insert into governance.entries (id, body)
		select (e ->> 'id')::uuid, e ->> 'body' from jsonb_array_elements(p_entries) e on conflict (id) do nothing;
		perform pg_sleep(0.02);
		return query select g.id, g.n from governance.entries g where g.id in (select (e ->> 'id')::uuid from jsonb_array_elements(p_entries) e);
	end $$;
`;

beforeAll(async () => {
	database = await emptyDatabase(inject('cluster'));
	await withClient(database.superuserUrl, (client) => client.query(LOG));
	pool = openPool(database.superuserUrl);
});

afterAll(async () => {
	await pool?.end();
	await database?.drop();
});

const entry = (facts: Record<string, unknown> = {}): EvidenceEntry => ({
	v: 1,
	kind: 'refusal',
	at: '2030-01-01T00:00:00.000Z',
	instance: null,
	surface: 'rest',
	actor: { kind: 'admin', user: null, role: null },
	facts,
});

const count = async (sql: string) => Number((await pool.query(sql)).rows[0].n);

test('concurrent appends go together: a thousand entries in a few calls, each stored once and in order', async () => {
	const log = createEvidenceLog(pool);
	const [entries, calls] = [
		await count('select count(*) n from governance.entries'),
		await count('select count(*) n from governance.calls'),
	];
	const references = await Promise.all(Array.from({ length: 1_000 }, (_value, n) => log.append(entry({ n }))));
	expect(new Set(references.map(({ id }) => id)).size).toBe(1_000);
	expect((await count('select count(*) n from governance.entries')) - entries).toBe(1_000);
	expect((await count('select count(*) n from governance.calls')) - calls).toBeLessThan(6);

	const { rows } = await pool.query('select id from governance.entries order by n offset $1', [entries]);
	expect(rows.map(({ id }) => id)).toEqual(references.map(({ id }) => id));
});

test('the bytes are RFC 8785: keys sorted, nothing added', async () => {
	const { id } = await createEvidenceLog(pool).append(entry({ zebra: 1, Ärger: 'ü', nested: { b: 1, a: [2] } }));
	const { rows } = await pool.query('select body from governance.entries where id = $1', [id]);
	const expected =
		'{"actor":{"kind":"admin","role":null,"user":null},"at":"2030-01-01T00:00:00.000Z","instance":null,"kind":"refusal","nested":{"a":[2],"b":1},"surface":"rest","v":1,"zebra":1,"Ärger":"ü"}';
	expect(rows[0].body).toBe(expected);
	expect(createHash('sha256').update(evidenceBody(entry())).digest('hex')).toMatch(/^[0-9a-f]{64}$/);
});

test('facts cannot replace what the envelope says', async () => {
	expect(evidenceBody(entry({ kind: 'apply', v: 2 }))).toBe(evidenceBody(entry()));
});

test('odd text survives: NUL, lone surrogates, quotes', async () => {
	const { id } = await createEvidenceLog(pool).append(entry({ text: '\u0000 \ud800 " \\' }));
	const { rows } = await pool.query('select body from governance.entries where id = $1', [id]);
	expect(JSON.parse(rows[0].body).text).toBe('\u0000 \ufffd " \\');
});

test('a connection cut in mid-call is survived: the entry is there once, under the id it was given', async () => {
	const log = createEvidenceLog(pool);
	const id = randomUUID();
	const appended = log.append(entry(), id);
	await withClient(database.superuserUrl, (client) =>
		client.query(
			`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'governed-dispatch' and datname = current_database()`,
		),
	);

	expect(await appended).toEqual({ id });
	expect(await count(`select count(*) n from governance.entries where id = '${id}'`)).toBe(1);
});

test('an entry the database cannot take is rejected, and costs the others nothing', async () => {
	const log = createEvidenceLog(pool);
	const settled = await Promise.allSettled([
		log.append(entry()),
		log.append(entry({ name: 'poison' })),
		log.append(entry()),
		log.append(entry()),
	]);
	expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

test('time runs out: the append is rejected, not left waiting', async () => {
	await withClient(database.superuserUrl, async (client) => {
		await client.query('begin; lock table governance.entries in access exclusive mode');
		const started = Date.now();
		await expect(createEvidenceLog(pool, { timeoutMs: 200 }).append(entry())).rejects.toThrow('200 ms');
		expect(Date.now() - started).toBeLessThan(2_000);
		await client.query('rollback');
	});
});

test('no database at all: rejected within the time limit', async () => {
	const nowhere = openPool('postgres://nobody@127.0.0.1:1/none');
	await expect(createEvidenceLog(nowhere, { timeoutMs: 300 }).append(entry())).rejects.toThrow('300 ms');
	await nowhere.end();
});
