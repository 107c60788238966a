import type { EvidenceEntry } from '../../../src/contracts/evidence.ts';
import type { PolicyDocument } from '../../../src/contracts/policy.ts';
import { digestOf } from '../../../src/service/canonical.ts';
import type { DispatchCaller } from '../../../src/service/dispatch/caller.ts';
import type { ClaimTimes } from '../../../src/service/dispatch/claim-dispatch.ts';
import { createDispatch, type Dispatch } from '../../../src/service/dispatch/create-dispatch.ts';
import type {
	ClaimResult,
	DispatchStore,
	RecordedAnswer,
	RegistrySnapshot,
} from '../../../src/service/dispatch/ports.ts';
import type { RuntimeState } from '../../../src/service/guard/runtime.ts';
import type { ExecutorAnswer } from '../../../src/service/ports/executor-directory.ts';

export const CALLER: DispatchCaller = {
	user: 'a0000000-0000-4000-8000-000000000001',
	role: 'r0000000-0000-4000-8000-000000000001',
	roles: ['r0000000-0000-4000-8000-000000000001'],
	admin: false,
};

const GATES = { dispatch_enabled: true, dry_run_only: true, execute_enabled: false, real_run_enabled: false } as const;

export const CONTRACT = {
	tool: 'DOT_KG_EXPLAIN',
	version: '1.0.0',
	executor: 'main',
	path: '/dot/DOT_KG_EXPLAIN/dry-run',
	modes: ['PLAN_ONLY', 'DRY_RUN'],
	side_effects: 'none',
	input_schema: {
		type: 'object',
		additionalProperties: false,
		properties: { node: { type: 'string', maxLength: 20 } },
	},
	output_schema: { type: 'object' },
	callers: '*',
	rate_per_minute: 1_000,
	max_input_bytes: 200,
};

export function policyFor(contract: Record<string, unknown>, generation = 1): PolicyDocument {
	return {
		v: 1,
		generation,
		instance: { id: '10000000-0000-4000-8000-000000000001', environment: 'test' },
		directus_role: 'directus',
		governed: [],
		agents: { roles: [], users: [], surfaces: ['mcp'] },
		flows: { mode: 'enforce', helpers: [] },
		write_allowlist: [],
		gates: GATES,
		contracts: { DOT_KG_EXPLAIN: digestOf(contract) },
		grant_keys: [],
		executors: { main: { url: 'http://127.0.0.1:1' } },
		lanes: {},
		visibility: { posture: 'authenticated', evidence: 'admin' },
		described: {},
		config_digest: 'sha256:0',
	};
}

interface Claim {
	digest: string;
	token: string;
	leaseUntil: number;
	answer: RecordedAnswer | null;
}

/** Every port of the dispatch in memory, with switches for what can go wrong. */
export class World {
	contract: Record<string, unknown> = CONTRACT;
	state: RuntimeState = { kind: 'active', policy: policyFor(CONTRACT) };
	/** State the next refresh finds. */
	refreshed: RuntimeState | null = null;
	generation = 1;
	capabilities: ExecutorAnswer = {
		kind: 'ok',
		capabilities: {
			executor: 'main',
			version: '1',
			tools: [{ code: 'DOT_KG_EXPLAIN', version: '1', side_effects: 'none', input_schema: {} }],
		},
	};
	evidenceFails = false;
	claimFails = false;
	settleFails = false;
	/** Called before each settlement: the place to let another node take a claim over. */
	beforeSettle: () => void = () => undefined;
	time = Date.UTC(2026, 0, 1);
	readonly log: { id: string; entry: EvidenceEntry }[] = [];
	readonly claims = new Map<string, Claim>();
	readonly faults: unknown[] = [];
	batches: number[] = [];
	asked = 0;
	private ids = 0;

	newId(): string {
		this.ids += 1;
		return `00000000-0000-4000-8000-${String(this.ids).padStart(12, '0')}`;
	}

	dispatcher(times?: ClaimTimes): Dispatch {
		const runtime = {
			state: () => this.state,
			ready: () => Promise.resolve(),
			refresh: async () => {
				if (this.refreshed !== null) this.state = this.refreshed;
			},
			evidence: {
				append: async (entry: EvidenceEntry, id = this.newId()) => {
					if (this.evidenceFails) throw new Error('disk full');
					this.log.push({ id, entry });
					return { id };
				},
			},
		};
		const system = {
			now: () => this.time,
			newId: () => this.newId(),
			wait: async (ms: number) => {
				this.time += ms;
				await new Promise<void>((resolve) => setImmediate(resolve));
			},
			onFault: (error: unknown) => this.faults.push(error),
		};
		const executors = {
			capabilities: async () => {
				this.asked += 1;
				return this.capabilities;
			},
		};
		return createDispatch({ runtime, store: this.store(), executors, system }, times);
	}

	private store(): DispatchStore {
		return {
			claimAndRead: async (items) => {
				await Promise.resolve();
				if (this.claimFails) throw new Error('connection lost');
				this.batches.push(items.length);
				return { claims: items.map(({ claim }) => this.claim(claim)), registry: this.snapshot() };
			},
			read: async () => this.snapshot(),
			settle: async (items) => {
				this.beforeSettle();
				if (this.settleFails || this.evidenceFails) throw new Error('connection lost');
				return items.map(({ token, answer, evidence }) => {
					const claim = [...this.claims.values()].find((candidate) => candidate.token === token);
					if (claim === undefined || claim.answer !== null) return false;
					claim.answer = answer;
					this.log.push({ id: evidence.id, entry: evidence.entry });
					return true;
				});
			},
		};
	}

	private claim(asked: {
		caller: string;
		correlation_id: string;
		request_digest: string;
		lease_ms: number;
	}): ClaimResult {
		const key = `${asked.caller}\n${asked.correlation_id}`;
		const known = this.claims.get(key);
		const leaseUntil = this.time + asked.lease_ms;
		if (known === undefined) {
			const token = this.newId();
			this.claims.set(key, { digest: asked.request_digest, token, leaseUntil, answer: null });
			return { status: 'claimed', token };
		}
		if (known.digest !== asked.request_digest) return { status: 'reused' };
		if (known.answer !== null) return { status: 'recorded', answer: known.answer };
		if (known.leaseUntil >= this.time) return { status: 'in_progress' };
		Object.assign(known, { token: this.newId(), leaseUntil });
		return { status: 'claimed', token: known.token };
	}

	private snapshot(): RegistrySnapshot {
		const row = JSON.stringify({ ...this.contract, digest: 'whatever the table says' });
		return {
			generation: this.generation,
			gates: GATES,
			tools: new Map([
				['DOT_KG_EXPLAIN', { status: 'registered', contract: row }],
				['DOT_C1_VOCAB_BUILD', { status: 'registered', contract: null }],
			]),
			grants: new Set(),
		};
	}
}
