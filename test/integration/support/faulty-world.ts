import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import type { TestDatabase } from '../../../instance/cluster.ts';
import { createDispatchStore } from '../../../src/adapters/postgres/dispatch-store.ts';
import { createEvidenceLog } from '../../../src/adapters/postgres/evidence-log.ts';
import { openPool } from '../../../src/adapters/postgres/pool.ts';
import { applyDesiredState } from '../../../src/adapters/postgres/registrar/apply.ts';
import type { EvidenceEntry } from '../../../src/contracts/evidence.ts';
import type { DesiredState, PolicySigner } from '../../../src/service/ports/registrar.ts';
import { attempt } from './attempt.ts';
import type { BreakableCluster } from './breakable-cluster.ts';
import { collections, declared } from './governed-database.ts';

/** Declaration number `n`: only its tools' titles tell it from another. */
export function numbered(n: number): DesiredState {
	const tools = ['DOT_REGISTER', 'DOT_KG_EXPLAIN', 'DOT_INVENTORY'].map((code) => ({
		code,
		title: `title ${n}`,
		verb: 'explain',
		object: 'graph',
		description: code,
		path: code,
	}));
	return declared({ ...collections('articles'), tools });
}

const HOSTILE = [
	`insert into public.articles (title) values ('hostile')`,
	`update public.articles set title = 'hostile'`,
	'delete from public.articles where id = 1',
	'truncate public.articles cascade',
	`update public.dot_tools set title = 'hostile'`,
	`insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
		values (gen_random_uuid(), pg_current_xact_id(), '', '', '', '{}')`,
	`insert into governance.policy select generation + 1, digest, jws, key_id, apply_id from governance.policy`,
	`delete from public.governance_evidence where entry_index = 0`,
];

export interface Seen {
	/** Lawful work that was answered. */
	applied: number;
	appended: string[];
	settled: number;
	refused: number;
	lost: number;
	/** Statements of hostile writers that went through. */
	passed: string[];
}

/** Lawful work and attacks at once, each going on as soon as the database answers again. */
export class FaultyWorld {
	readonly seen: Seen = { applied: 0, appended: [], settled: 0, refused: 0, lost: 0, passed: [] };
	readonly digests = new Map<string, number>();
	pool: pg.Pool;
	private running = true;
	private readonly work: Promise<void>[] = [];

	private readonly cluster: BreakableCluster;
	private readonly database: TestDatabase;
	private readonly signer: PolicySigner;

	constructor(cluster: BreakableCluster, database: TestDatabase, signer: PolicySigner) {
		this.cluster = cluster;
		this.database = database;
		this.signer = signer;
		this.pool = openPool(this.url('directusUrl'));
	}

	url(which: 'superuserUrl' | 'operatorUrl' | 'directusUrl'): string {
		return this.cluster.current(this.database[which]);
	}

	start(): void {
		this.work.push(this.loop(this.applies()), this.loop(this.appends()), this.loop(this.dispatches()));
		for (const role of ['directus', 'governance_owner']) this.work.push(this.loop(this.attacks(role)));
	}

	async end(): Promise<void> {
		this.running = false;
		await Promise.all(this.work);
		await this.pool.end().catch(() => undefined);
	}

	/** The pool of a process that started again: its old connections lead nowhere. */
	reconnect(): void {
		const old = this.pool;
		this.pool = openPool(this.url('directusUrl'));
		void old.end().catch(() => undefined);
	}

	private async loop(turn: () => Promise<void>): Promise<void> {
		while (this.running) {
			await turn().catch(() => {
				this.seen.lost += 1;
			});
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}

	private applies(): () => Promise<void> {
		let n = 0;
		return async () => {
			n += 1;
			const desired = numbered(n);
			this.digests.set(desired.configDigest, n);
			const outcome = await applyDesiredState(this.url('operatorUrl'), desired, this.signer, { commit: true });
			if (outcome.kind === 'applied') this.seen.applied += 1;
		};
	}

	private appends(): () => Promise<void> {
		return async () => {
			const log = createEvidenceLog(this.pool, { timeoutMs: 2_000 });
			const refusal: EvidenceEntry = {
				v: 1,
				kind: 'refusal',
				at: new Date(Date.now()).toISOString(),
				instance: null,
				surface: 'rest',
				actor: { kind: 'user', user: null, role: null },
				facts: { reason: 'FAULT_INJECTION' },
			};
			const answers = await Promise.allSettled(Array.from({ length: 5 }, () => log.append(refusal)));
			for (const answer of answers) if (answer.status === 'fulfilled') this.seen.appended.push(answer.value.id);
		};
	}

	private dispatches(): () => Promise<void> {
		return async () => {
			const store = createDispatchStore(this.pool);
			const claim = {
				caller: 'user:1',
				correlation_id: randomUUID(),
				request_digest: 'sha256:x',
				lease_ms: 45_000,
			};
			const { claims } = await store.claimAndRead([{ claim, question: { tool: 'DOT_KG_EXPLAIN', grantHash: null } }]);
			const [first] = claims;
			if (first?.status !== 'claimed') return;
			const id = randomUUID();
			const entry: EvidenceEntry = {
				v: 1,
				kind: 'refusal',
				at: new Date(Date.now()).toISOString(),
				instance: null,
				surface: 'rest',
				actor: { kind: 'user', user: null, role: null },
				facts: { reason: 'GATE_CLOSED' },
			};
			const answer = { v: 1 as const, reason: 'GATE_CLOSED' as const, message: 'm', json: '{}' };
			const [settled] = await store.settle([{ token: first.token, answer, evidence: { id, entry } }]);
			if (settled) {
				this.seen.settled += 1;
				this.seen.appended.push(id);
			}
		};
	}

	/** As Directus's role, and past it as the owner of the tables, whom only the triggers stop. */
	private attacks(role: string): () => Promise<void> {
		let next = 0;
		return async () => {
			const client = new pg.Client({ connectionString: this.url('superuserUrl'), connectionTimeoutMillis: 2_000 });
			client.on('error', () => undefined);
			await client.connect();
			try {
				await client.query(`set role ${role}`);
				for (let left = 20; left > 0 && this.running; left -= 1) {
					next = (next + 1) % HOSTILE.length;
					const sql = String(HOSTILE[next]);
					const { code } = await attempt(client, sql);
					if (code === null) this.seen.passed.push(`${role}: ${sql}`);
					else this.seen.refused += 1;
				}
			} finally {
				await client.end().catch(() => undefined);
			}
		};
	}
}

/** Everything that must hold at any moment, read in one snapshot. Empty: it does. */
export async function broken(world: FaultyWorld, articles: string): Promise<string[]> {
	const client = new pg.Client({ connectionString: world.url('superuserUrl'), connectionTimeoutMillis: 5_000 });
	client.on('error', () => undefined);
	await client.connect();
	try {
		await client.query('begin transaction isolation level repeatable read read only');
		const rows = async (sql: string) => (await client.query(sql)).rows;
		const [policy] = await rows('select jws from governance.policy order by generation desc limit 1');
		const signed = JSON.parse(Buffer.from(String(policy?.jws.split('.')[1]), 'base64url').toString('utf8'));
		const n = world.digests.get(signed.config_digest);
		const titles = (await rows('select distinct title from public.dot_tools')).map(({ title }) => title);
		const found: string[] = [];
		if (JSON.stringify(titles) !== JSON.stringify([`title ${n}`])) {
			found.push(`tools say ${titles.join()}, the signed policy is number ${n}`);
		}
		if (JSON.stringify(await rows('select t::text from public.articles t order by 1')) !== articles) {
			found.push('rows of the governed content changed');
		}
		const [count] = await rows(`select
			(select count(*) from public.dot_tools t where not exists (select from governance.birth_certificates c
				join governance.applies a on a.id = c.apply_id where c.collection = 'dot_tools' and c.row_key = t.code))::int as uncertified,
			(select count(*) from governance.policy p where not exists (select from governance.applies a where a.id = p.apply_id))::int as unapplied,
			(select size = (select count(*) from public.governance_evidence)
				and size = (select coalesce(max(entry_index) + 1, 0) from public.governance_evidence) from governance.evidence_head) as contiguous`);
		if (count?.uncertified !== 0) found.push(`${count?.uncertified} rows without a certificate of an apply`);
		if (count?.unapplied !== 0) found.push('a policy without its apply record');
		if (count?.contiguous !== true) found.push('the evidence log has a gap');
		const leaves = await rows('select id, body, leaf_hash from public.governance_evidence');
		for (const { body, leaf_hash: leaf } of leaves) {
			const hash = createHash('sha256')
				.update(Buffer.concat([Buffer.from([0]), body]))
				.digest();
			if (!hash.equals(leaf)) found.push('a leaf is not the hash of its entry');
		}
		return found;
	} finally {
		await client.end().catch(() => undefined);
	}
}
