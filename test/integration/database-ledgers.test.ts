import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { connect, undone, useScene } from './support/scene.ts';
import { snapshotOf } from './support/snapshot.ts';

const scene = useScene(() => inject('cluster'));

interface Entry {
	id: string;
	body: string;
}

interface Stored {
	entry_index: string;
	id: string;
	leaf_hash: Buffer;
	body: Buffer;
}

const entry = (body = '{}'): Entry => ({ id: randomUUID(), body });

async function call<T>(client: pg.Client, name: string, argument: unknown): Promise<T> {
	const { rows } = await client.query<{ answer: T }>(`select governance.${name}($1::jsonb) as answer`, [
		JSON.stringify(argument),
	]);
	return rows[0]?.answer as T;
}

async function append(client: pg.Client, entries: Entry[]): Promise<Map<string, number>> {
	const { rows } = await client.query<{ id: string; entry_index: string }>(
		'select * from governance.append_evidence($1::jsonb)',
		[JSON.stringify(entries)],
	);
	return new Map(rows.map(({ id, entry_index }) => [id, Number(entry_index)]));
}

async function storedEntries(): Promise<Stored[]> {
	return (
		await scene().superuser.query<Stored>(
			'select entry_index, id, leaf_hash, body from public.governance_evidence order by 1',
		)
	).rows;
}

/** The log as a reader without trust sees it: no gap, the head tells its size, every hash is RFC 6962's leaf hash. */
async function expectSound(): Promise<Stored[]> {
	const entries = await storedEntries();
	const { rows } = await scene().superuser.query<{ size: string }>('select size from governance.evidence_head');
	expect(Number(rows[0]?.size)).toBe(entries.length);
	entries.forEach(({ entry_index, leaf_hash, body }, index) => {
		if (Number(entry_index) !== index) throw new Error(`entry ${entry_index} stands at ${index}`);
		if (!createHash('sha256').update(Buffer.of(0)).update(body).digest().equals(leaf_hash))
			throw new Error(`leaf hash of entry ${index}`);
	});
	return entries;
}

describe('append_evidence', () => {
	test('stores bodies byte for byte, in the order given', async () => {
		const bodies = [
			'{"a":1}',
			'',
			'ünï\u0001 "quotes" \\ back',
			'\u{1F512}',
			' leading and trailing \n',
			'x'.repeat(100_000),
		];
		const entries = bodies.map(entry);
		const indexes = await append(scene().directus, entries);
		const stored = await expectSound();
		const first = indexes.get(entries[0]?.id ?? '') ?? -1;
		entries.forEach(({ id, body }, n) => {
			expect(indexes.get(id)).toBe(first + n);
			expect(stored[first + n]?.body.toString('utf8')).toBe(body);
		});
	});

	test('is idempotent by id: in one call, in the next, in any spelling of the id', async () => {
		const { directus } = scene();
		const once = entry('once');
		const before = (await storedEntries()).length;
		await append(directus, [once, once, { ...once, id: once.id.toUpperCase() }]);
		await append(directus, [
			{ ...once, id: `{${once.id}}` },
			{ ...once, body: 'another body' },
		]);
		const stored = await expectSound();
		expect(stored).toHaveLength(before + 1);
		expect(stored.at(-1)?.body.toString()).toBe('once');
		// Baseline: told apart by spelling, the second would have been another entry of the same id, which the table refuses.
		await undone(scene().superuser, async () => {
			await scene().superuser.query('alter table public.governance_evidence disable trigger user');
			const twice = `insert into public.governance_evidence (entry_index, id, leaf_hash, body) select n + 100000, $1, sha256(''), '' from generate_series(1, 2) n`;
			await expect(scene().superuser.query(twice, [randomUUID()])).rejects.toMatchObject({ code: '23505' });
		});
	});

	test('leaves no gap under twenty sessions with fifty appends each, some of which fail', async () => {
		const sessions = await Promise.all(Array.from({ length: 20 }, () => connect(scene().database.directusUrl)));
		const before = (await storedEntries()).length;
		const sent = new Set<string>();
		await Promise.all(
			sessions.map(async (session, who) => {
				for (let n = 0; n < 50; n++) {
					const one = entry(JSON.stringify({ who, n }));
					if (n % 10 === 9) {
						await session.query('begin');
						await append(session, [entry('never')]);
						await session.query('rollback');
						await expect(append(session, [one, { id: 'no uuid', body: '' }])).rejects.toMatchObject({ code: '22P02' });
					}
					await append(session, [one]);
					sent.add(one.id);
				}
			}),
		);
		await Promise.all(sessions.map((session) => session.end()));
		const stored = await expectSound();
		expect(stored).toHaveLength(before + 1_000);
		for (const { id } of stored) sent.delete(id);
		expect(sent.size).toBe(0);
		// Each session's own entries stand in the order it wrote them.
		for (let who = 0; who < 20; who++) {
			const own = stored.map(({ body }) => body.toString()).filter((body) => body.startsWith(`{"who":${who},`));
			expect(own).toEqual(Array.from({ length: 50 }, (_, n) => JSON.stringify({ who, n })));
		}
	});
});

interface Claim {
	caller: string;
	correlation_id: string;
	request_digest: string;
	lease_ms: number;
}

interface Claimed {
	status: string;
	token?: string;
	answer?: unknown;
}

const claim = (change: Partial<Claim> = {}): Claim => ({
	caller: 'user',
	correlation_id: randomUUID(),
	request_digest: 'd',
	lease_ms: 60_000,
	...change,
});

const claims = (client: pg.Client, ...list: Claim[]) => call<Claimed[]>(client, 'claim_dispatches', list);

const settle = (client: pg.Client, ...items: unknown[]) =>
	call<{ settled: boolean }[]>(client, 'settle_dispatches', items);

const statuses = (answers: Claimed[]): string[] => answers.map(({ status }) => status);

describe('claim_dispatches and settle_dispatches', () => {
	test('claimed, in progress, recorded, reused', async () => {
		const { directus } = scene();
		const one = claim();
		const [first] = await claims(directus, one);
		expect(first).toEqual({ status: 'claimed', token: expect.stringMatching(/^[0-9a-f-]{36}$/) });
		expect(await claims(directus, one)).toEqual([{ status: 'in_progress' }]);
		expect(await claims(directus, { ...one, request_digest: 'other' })).toEqual([{ status: 'reused' }]);
		const answer = { code: 'VALIDATED', nested: [1, null, 'ü'] };
		const evidence = entry('settled');
		expect(await settle(directus, { token: first?.token, answer, evidence })).toEqual([{ settled: true }]);
		expect(await claims(directus, one)).toEqual([{ status: 'recorded', answer }]);
		expect(await claims(directus, { ...one, request_digest: 'other' })).toEqual([{ status: 'reused' }]);
		expect((await expectSound()).at(-1)?.id).toBe(evidence.id);
	});

	test('answers stand in the order of the questions, whatever order the keys sort in', async () => {
		const { directus } = scene();
		const [z, a, m] = [claim({ correlation_id: 'z' }), claim({ correlation_id: 'a' }), claim({ correlation_id: 'm' })];
		expect(statuses(await claims(directus, z, a, z, m))).toEqual(['claimed', 'claimed', 'in_progress', 'claimed']);
		expect(statuses(await claims(directus, claim(), m, { ...z, request_digest: 'x' }, a))).toEqual([
			'claimed',
			'in_progress',
			'reused',
			'in_progress',
		]);
	});

	test('two callers whose names and ids run together are two', async () => {
		const { directus } = scene();
		const [left, right] = [
			claim({ caller: 'a\nb', correlation_id: 'c' }),
			claim({ caller: 'a', correlation_id: 'b\nc' }),
		];
		const [first, second] = await claims(directus, left, right);
		expect([first?.status, second?.status]).toEqual(['claimed', 'claimed']);
		expect(first?.token).not.toBe(second?.token);
		await settle(directus, { token: first?.token, answer: { of: 'left' }, evidence: entry() });
		expect(await claims(directus, left)).toEqual([{ status: 'recorded', answer: { of: 'left' } }]);
		expect(await claims(directus, right)).toEqual([{ status: 'in_progress' }]);
	});

	test('a lease that ran out is taken over, and whoever lost it stores nothing', async () => {
		const { directus } = scene();
		const one = claim({ lease_ms: 0 });
		const [lost] = await claims(directus, one);
		const [won] = await claims(directus, { ...one, lease_ms: 60_000 });
		expect(won).toMatchObject({ status: 'claimed', token: expect.not.stringMatching(lost?.token ?? '') });
		const before = (await storedEntries()).length;
		const late = { token: lost?.token, answer: { by: 'the loser' }, evidence: entry('late') };
		const other = { evidence: entry('without a token') };
		expect(await settle(directus, late, other)).toEqual([{ settled: false }, { settled: true }]);
		expect((await storedEntries()).slice(before).map(({ body }) => body.toString())).toEqual(['without a token']);
		expect(await settle(directus, { token: won?.token, answer: { by: 'the winner' }, evidence: entry() })).toEqual([
			{ settled: true },
		]);
		expect(await claims(directus, one)).toEqual([{ status: 'recorded', answer: { by: 'the winner' } }]);
		expect(await settle(directus, late)).toEqual([{ settled: false }]);
	});

	test('settling twice after a lost connection is settled, and adds nothing', async () => {
		const { directus } = scene();
		const [{ token } = { token: '' }] = await claims(directus, claim());
		const item = { token, answer: { once: true }, evidence: entry('once') };
		expect(await settle(directus, item)).toEqual([{ settled: true }]);
		const before = (await storedEntries()).length;
		expect(await settle(directus, item)).toEqual([{ settled: true }]);
		expect(await settle(directus, { ...item, evidence: entry('another') })).toEqual([{ settled: false }]);
		expect(await storedEntries()).toHaveLength(before);
	});

	test.each([
		['an answer that is no object', (token: string) => [{ token, answer: null, evidence: entry() }]],
		['no answer', (token: string) => [{ token, evidence: entry() }]],
		['two answers for one claim', (token: string) => [1, 2].map((n) => ({ token, answer: { n }, evidence: entry() }))],
		['no evidence', (token: string) => [{ token, answer: {} }]],
	])('%s is an error, and the claim stays open', async (_, items) => {
		const { directus } = scene();
		const one = claim();
		const [{ token } = { token: '' }] = await claims(directus, one);
		await expect(settle(directus, ...items(token ?? ''))).rejects.toMatchObject({
			code: expect.stringMatching(/^(22023|23502)$/),
		});
		expect(await claims(directus, one)).toEqual([{ status: 'in_progress' }]);
		await expectSound();
	});

	test('twenty sessions with the same twenty claims in any order: each is claimed once, nobody waits in a circle', async () => {
		const sessions = await Promise.all(Array.from({ length: 20 }, () => connect(scene().database.directusUrl)));
		const wanted = Array.from({ length: 20 }, (_, n) => claim({ correlation_id: `shared-${n}-${'zaZäÄ_~'[n % 7]}` }));
		const owners = new Map<string, string>();
		await Promise.all(
			sessions.map(async (session, who) => {
				for (let round = 0; round < 5; round++) {
					const shuffled = [...wanted.slice(who), ...wanted.slice(0, who)].reverse();
					const answers = await claims(session, ...shuffled);
					const won = answers.flatMap(({ status, token }, n) =>
						status === 'claimed' ? [{ token, key: shuffled[n]?.correlation_id ?? '' }] : [],
					);
					for (const { key } of won) {
						expect(owners.has(key)).toBe(false);
						owners.set(key, String(who));
					}
					await settle(
						session,
						...won.map(({ token, key }) => ({ token, answer: { key, who }, evidence: entry(key) })),
					);
				}
			}),
		);
		await Promise.all(sessions.map((session) => session.end()));
		expect(owners.size).toBe(20);
		const answers = await claims(scene().directus, ...wanted);
		answers.forEach(({ answer }, n) => {
			const key = wanted[n]?.correlation_id ?? '';
			expect(answer).toEqual({ key, who: Number(owners.get(key)) });
		});
		await expectSound();
	});
});

test('whatever JSON comes in, the ledgers stay sound and nothing else changes', async () => {
	const { directus, superuser } = scene();
	const others = async () =>
		(await snapshotOf(superuser)).replace(
			/-- rows of (governance\.dispatch_claims|governance\.evidence_head|public\.governance_evidence)\n[\s\S]*?(?=-- rows of|$)/g,
			'',
		);
	const before = await others();
	const text = fc.oneof(
		fc.string(),
		fc.uuid(),
		fc.constantFrom('DOT_KG_EXPLAIN', '', '\u0000', "'; drop table dot_tools; --"),
	);
	const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.boolean(), fc.jsonValue());
	const item = fc.record(
		{
			id: value,
			body: value,
			caller: value,
			correlation_id: value,
			request_digest: value,
			lease_ms: value,
			token: value,
			answer: value,
			evidence: fc.oneof(value, fc.record({ id: fc.uuid(), body: text })),
		},
		{ requiredKeys: [] },
	);
	const argument = fc.oneof(fc.array(fc.oneof(item, value), { maxLength: 6 }), value, item);
	const name = fc.constantFrom('append_evidence', 'claim_dispatches', 'settle_dispatches');
	await fc.assert(
		fc.asyncProperty(name, argument, async (fn, input) => {
			try {
				await directus.query(`select governance.${fn}($1::jsonb)`, [JSON.stringify(input) ?? 'null']);
			} catch (error) {
				// Data exceptions and broken constraints; never an internal error, and never a refusal by a guard.
				expect((error as { code?: string }).code).toMatch(/^(22...|23502)$/);
			}
		}),
		{ numRuns: 600 },
	);
	await expectSound();
	expect(await others()).toBe(before);
	const { rows } = await superuser.query(
		`select 1 from governance.dispatch_claims where answer is not null and jsonb_typeof(answer) <> 'object' or (answer is null) <> (evidence_id is null)`,
	);
	expect(rows).toEqual([]);
});

test('an argument of a thousand and one is refused whole', async () => {
	const { directus } = scene();
	const many = Array.from({ length: 1_001 }, () => entry());
	for (const name of ['append_evidence', 'claim_dispatches', 'settle_dispatches']) {
		await expect(call(directus, name, many)).rejects.toMatchObject({ code: '22023' });
		await expect(directus.query(`select governance.${name}(null)`)).rejects.toMatchObject({ code: '22023' });
	}
	expect((await append(directus, many.slice(0, 1_000))).size).toBe(1_000);
	await expectSound();
});
