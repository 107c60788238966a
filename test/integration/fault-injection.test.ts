import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { directusDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { createDispatchStore } from '../../src/adapters/postgres/dispatch-store.ts';
import { applyDesiredState } from '../../src/adapters/postgres/registrar/apply.ts';
import { SHIPPED_FUNCTIONS } from '../../src/adapters/postgres/registrar/shipped-functions.ts';
import type { PolicySigner } from '../../src/service/ports/registrar.ts';
import { type BreakableCluster, breakableCluster } from './support/breakable-cluster.ts';
import { FAULTS, type Fault, faultPlan, type PlannedFault } from './support/fault-plan.ts';
import { broken, FaultyWorld, numbered } from './support/faulty-world.ts';
import { testSigner } from './support/governed-database.ts';

/** `FAULT_SEED=… ` repeats a plan of faults. */
const SEED = Number(process.env.FAULT_SEED ?? 20_261_123);
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 14);
const HOUR_MS = 3_600_000;

let cluster: BreakableCluster;
let database: TestDatabase;
let signer: PolicySigner;
let world: FaultyWorld;
let articles: string;

const superuser = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
	const client = new pg.Client({ connectionString: world.url('superuserUrl'), connectionTimeoutMillis: 5_000 });
	client.on('error', () => undefined);
	await client.connect();
	try {
		return await work(client);
	} finally {
		await client.end().catch(() => undefined);
	}
};

beforeAll(async () => {
	cluster = await breakableCluster();
	database = await directusDatabase(cluster.handle);
	signer = await testSigner();
	world = new FaultyWorld(cluster, database, signer);
	await world.pool.query(`create table public.articles (id serial primary key, title text);
		insert into public.articles (title) select 'article ' || n from generate_series(1, 20) n`);
	const first = numbered(0);
	world.digests.set(first.configDigest, 0);
	expect(await applyDesiredState(world.url('operatorUrl'), first, signer, { commit: true })).toMatchObject({
		kind: 'applied',
	});
	articles = await superuser(async (client) =>
		JSON.stringify((await client.query('select t::text from public.articles t order by 1')).rows),
	);
}, 240_000);

afterAll(() => cluster?.stop());

const INJECT: Record<Fault, (planned: PlannedFault) => Promise<void>> = {
	'cut connections': ({ chance }) =>
		superuser(async (client) => {
			await client.query(
				`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
				and pid <> pg_backend_pid() and ('x' || substr(md5(pid::text || $1), 1, 4))::bit(16)::int < $2`,
				[String(chance), 20_000 + Math.floor(chance * 45_000)],
			);
		}),
	'exhaust the pool': async ({ chance }) => {
		const taken = await Promise.allSettled(Array.from({ length: 4 }, () => world.pool.connect()));
		await wait(200 + chance * 400);
		for (const client of taken) if (client.status === 'fulfilled') client.value.release(true);
	},
	'time statements out': ({ chance }) =>
		superuser(async (client) => {
			for (const role of ['directus', 'operator']) {
				const name = cluster.handle.logins[role as 'directus' | 'operator'].role;
				await client.query(
					`alter role ${pg.escapeIdentifier(name)} set statement_timeout = ${1 + Math.floor(chance * 8)}`,
				);
			}
			await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid()`);
			await wait(600);
			for (const role of ['directus', 'operator']) {
				const name = cluster.handle.logins[role as 'directus' | 'operator'].role;
				await client.query(`alter role ${pg.escapeIdentifier(name)} reset statement_timeout`);
			}
		}),
	'hold the head of the log': ({ chance }) =>
		superuser(async (client) => {
			await client.query('begin; select from governance.evidence_head for update');
			await wait(200 + chance * 800);
			await client.query('rollback');
		}),
	'set the clock back': async () => {
		const real = Date.now;
		const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() - HOUR_MS);
		await wait(500);
		clock.mockRestore();
	},
	'kill a backend': () =>
		superuser(async (client) => {
			const { rows } = await client.query<{ pid: number }>(
				`select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active' limit 1`,
			);
			const [victim] = rows;
			if (victim) process.kill(victim.pid, 'SIGKILL');
		}).catch(() => undefined),
	'restart the server': () => cluster.bounce('SIGINT'),
	'kill the server': () => cluster.bounce('SIGKILL'),
};

async function untilItAnswers(): Promise<void> {
	for (let left = 60; ; left -= 1) {
		try {
			await superuser((client) => client.query('select 1'));
			return world.reconnect();
		} catch (error) {
			if (left === 0) throw error;
			await wait(250);
		}
	}
}

test('a seed gives one plan, and every fault is in it', () => {
	expect(faultPlan(SEED, ROUNDS)).toEqual(faultPlan(SEED, ROUNDS));
	expect(faultPlan(SEED + 1, ROUNDS)).not.toEqual(faultPlan(SEED, ROUNDS));
	expect(new Set(faultPlan(SEED, ROUNDS).map(({ fault }) => fault))).toEqual(new Set(FAULTS));
});

test(`whatever breaks, no governed row changes without its apply record (FAULT_SEED=${SEED})`, async () => {
	process.stderr.write(`fault injection: FAULT_SEED=${SEED} FAULT_ROUNDS=${ROUNDS}\n`);
	world.start();
	const told: string[] = [];

	for (const planned of faultPlan(SEED, ROUNDS)) {
		await wait(planned.after);
		await INJECT[planned.fault](planned);
		await untilItAnswers();
		const found = await broken(world, articles);
		told.push(...found.map((what) => `after "${planned.fault}": ${what}`));
	}

	await wait(1_500);
	await world.end();
	const { seen } = world;
	process.stderr.write(
		`fault injection: ${seen.applied} applies, ${seen.appended.length} entries, ${seen.settled} dispatches, ${seen.refused} refused, ${seen.lost} lost\n`,
	);

	expect(told).toEqual([]);
	expect(await broken(world, articles)).toEqual([]);
	expect(seen.passed).toEqual([]);
	// All kinds of work really went on, and was really disturbed.
	for (const amount of [seen.applied, seen.appended.length, seen.settled, seen.refused, seen.lost]) {
		expect(amount).toBeGreaterThan(0);
	}

	const kept = await superuser(async (client) =>
		(await client.query<{ id: string }>('select id from public.governance_evidence')).rows.map(({ id }) => id),
	);
	const stored = new Set(kept);
	// What was answered is there, once; what was not answered may be there or not.
	expect(seen.appended.filter((id) => !stored.has(id))).toEqual([]);
	expect(stored.size).toBe(kept.length);

	// The state is whole: the next apply goes through, and the one after it finds nothing to do.
	const last = numbered(1_000_000);
	world.digests.set(last.configDigest, 1_000_000);
	expect((await applyDesiredState(world.url('operatorUrl'), last, signer, { commit: true })).kind).toBe('applied');
	expect((await applyDesiredState(world.url('operatorUrl'), last, signer, { commit: true })).kind).toBe('unchanged');
	expect(await broken(world, articles)).toEqual([]);
}, 240_000);

test('the check would notice: a row changed past the guards, and an entry taken out of the log', async () => {
	const altered = async (sql: string, table: string) => {
		await superuser((client) => client.query(`alter table ${table} disable trigger user; ${sql}`));
		return broken(world, articles);
	};
	expect(await broken(world, articles)).toEqual([]);
	expect(await altered(`update public.articles set title = 'x' where id = 1`, 'public.articles')).toHaveLength(1);
	expect(await altered(`update public.dot_tools set title = 'x'`, 'public.dot_tools')).toHaveLength(2);
	const [gap] = (
		await altered('delete from public.governance_evidence where entry_index = 1', 'public.governance_evidence')
	).slice(-1);
	expect(gap).toBe('the evidence log has a gap');
});

describe('clocks', () => {
	test('only leases of dispatches and expiries of grants ask one, and neither lets anybody write a governed row', () => {
		const clock =
			/\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|current_timestamp|current_date|localtime)/i;
		const asking = [...SHIPPED_FUNCTIONS.values()].filter(({ facts }) => clock.test(facts));
		expect(asking.map(({ signature }) => signature.replace(/\(.*/, '')).sort()).toEqual([
			'governance.claim_dispatches',
			'governance.use_grant',
		]);
	});

	test('a lease that a clock set back keeps alive, or one set forward ends: one answer, by one holder', async () => {
		const pool = new pg.Pool({ connectionString: world.url('directusUrl'), max: 2 });
		pool.on('error', () => undefined);
		try {
			const store = createDispatchStore(pool);
			const item = {
				claim: { caller: 'user:9', correlation_id: 'clock-lease', request_digest: 'sha256:x', lease_ms: 45_000 },
				question: { tool: 'DOT_KG_EXPLAIN', grantHash: null },
			};
			const shift = (hours: number) =>
				superuser((client) =>
					client.query(`begin; alter table governance.dispatch_claims disable trigger user;
						update governance.dispatch_claims set lease_until = clock_timestamp() + ${hours} * interval '1 hour' where caller = 'user:9';
						alter table governance.dispatch_claims enable always trigger governance_a_assert_safe,
							enable always trigger governance_z_block_after; commit`),
				);
			const claim = async () => (await store.claimAndRead([item])).claims[0];
			const settle = async (token: string) => {
				const entry = {
					v: 1 as const,
					kind: 'refusal' as const,
					at: '2026-01-01T00:00:00.000Z',
					instance: null,
					surface: 'rest' as const,
					actor: { kind: 'user' as const, user: null, role: null },
					facts: { token },
				};
				const answer = { v: 1 as const, reason: 'GATE_CLOSED' as const, message: token, json: '{}' };
				return (await store.settle([{ token, answer, evidence: { id: crypto.randomUUID(), entry } }]))[0];
			};

			const first = await claim();
			if (first?.status !== 'claimed') throw new Error('the first claim is free');
			await shift(24);
			expect((await claim())?.status).toBe('in_progress');
			await shift(-24);
			const second = await claim();
			if (second?.status !== 'claimed') throw new Error('an expired lease is taken over');
			expect(await settle(first.token)).toBe(false);
			expect(await settle(second.token)).toBe(true);
			expect(await claim()).toMatchObject({ status: 'recorded', answer: { message: second.token } });
		} finally {
			await pool.end();
		}
	});
});
