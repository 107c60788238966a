import type { Pool, QueryResult } from 'pg';
import type {
	ClaimResult,
	DispatchStore,
	RegistryQuestion,
	RegistrySnapshot,
	Settlement,
} from '../../service/dispatch/ports.ts';
import { evidenceBody } from './evidence-log.ts';

/** Nothing here takes long; what does is stuck, and a stuck claim must not hold the whole batch for the pool's limit. */
const TIMEOUT_MS = 5_000;

/**
 * The ledgers and the registry over the bundle's own pool.
 *
 * A batch is two round trips: claims and the read-only decision snapshot travel as one text of two transactions, then
 * one call settles. Such a text takes no parameters, so values travel as JSON in hexadecimal, which cannot end a literal.
 */
export function createDispatchStore(pool: Pick<Pool, 'connect'>): DispatchStore {
	return {
		async claimAndRead(items) {
			// In the order of the key, so that two nodes with overlapping batches wait for each other and never in a circle.
			const order = items.map((_, index) => index).sort((left, right) => compareClaims(items, left, right));
			const claims = order.map((index) => items[index]?.claim);
			const results = await run(pool, [
				// Losing an unanswered claim in a crash loses nothing; the commit that settles it makes it durable too.
				'begin; set local synchronous_commit to off',
				`select governance.claim_dispatches(${literal(claims)}::jsonb)::text as claims`,
				'commit',
				...snapshot(items.map(({ question }) => question)),
			]);
			const answered = JSON.parse(one<{ claims: string }>(results, 'claims').claims) as ClaimResult[];
			const inOrder: ClaimResult[] = [];
			order.forEach((index, position) => {
				inOrder[index] = answered[position] as ClaimResult;
			});
			return { claims: inOrder, registry: readSnapshot(results) };
		},
		async read(questions) {
			return readSnapshot(await run(pool, snapshot(questions)));
		},
		async settle(items) {
			const rows = items.map(({ token, answer, evidence }: Settlement) => ({
				token,
				answer,
				evidence: { id: evidence.id, body: evidenceBody(evidence.entry) },
			}));
			const results = await run(pool, [
				`select governance.settle_dispatches(${literal(rows)}::jsonb)::text as settled`,
			]);
			const settled = JSON.parse(one<{ settled: string }>(results, 'settled').settled) as { settled: boolean }[];
			return settled.map((row) => row.settled);
		},
	};
}

type ClaimItems = Parameters<DispatchStore['claimAndRead']>[0];

function compareClaims(items: ClaimItems, left: number, right: number): number {
	const a = items[left]?.claim;
	const b = items[right]?.claim;
	if (a === undefined || b === undefined || (a.caller === b.caller && a.correlation_id === b.correlation_id)) {
		return left - right;
	}
	return `${a.caller}\n${a.correlation_id}` < `${b.caller}\n${b.correlation_id}` ? -1 : 1;
}

/** The statements of one decision: a read-only snapshot of policy generation, gates, tools, contracts and grants. */
function snapshot(questions: readonly RegistryQuestion[]): string[] {
	const tools = [...new Set(questions.map(({ tool }) => tool))];
	const grants = [...new Set(questions.flatMap(({ grantHash }) => grantHash ?? []))];
	return [
		'begin transaction isolation level repeatable read read only',
		`select (select max(generation) from governance.policy)::text as generation,
			(select row_to_json(g)::text from public.governance_gates g where g.id = 1) as gates`,
		`select t.code as tool, t.status, row_to_json(c)::text as contract
			from public.dot_tools t left join public.dot_agent_api_contract c on c.tool = t.code
			where t.code = any (array(select jsonb_array_elements_text(${literal(tools)}::jsonb)))`,
		...(grants.length === 0
			? []
			: [
					`select g.token_hash as grant_hash from public.governance_grants g
						where g.token_hash = any (array(select jsonb_array_elements_text(${literal(grants)}::jsonb)))`,
				]),
		'commit',
	];
}

function literal(value: unknown): string {
	return `convert_from(decode('${Buffer.from(JSON.stringify(value), 'utf8').toString('hex')}', 'hex'), 'UTF8')`;
}

async function run(pool: Pick<Pool, 'connect'>, statements: readonly string[]): Promise<QueryResult[]> {
	const client = await pool.connect();
	try {
		const answer: unknown = await client.query({ text: statements.join(';\n'), query_timeout: TIMEOUT_MS } as {
			text: string;
		});
		client.release();
		return Array.isArray(answer) ? answer : [answer as QueryResult];
	} catch (error) {
		// The connection may be inside a failed transaction: it must never go back to the pool.
		client.release(true);
		throw error;
	}
}

function rowsWith(results: readonly QueryResult[], column: string): unknown[] {
	const result = results.find(({ fields }) => fields?.some(({ name }) => name === column));
	return result?.rows ?? [];
}

function one<Row>(results: readonly QueryResult[], column: string): Row {
	const [row] = rowsWith(results, column);
	if (row === undefined) throw new Error(`the database answered without ${column}`);
	return row as Row;
}

function readSnapshot(results: readonly QueryResult[]): RegistrySnapshot {
	const { generation, gates } = one<{ generation: string | null; gates: string | null }>(results, 'generation');
	const tools = rowsWith(results, 'tool') as { tool: string; status: string; contract: string | null }[];
	const grants = rowsWith(results, 'grant_hash') as { grant_hash: string }[];
	return {
		generation: generation === null ? null : Number(generation),
		gates: gates === null ? null : JSON.parse(gates),
		tools: new Map(tools.map(({ tool, status, contract }) => [tool, { status, contract }])),
		grants: new Set(grants.map(({ grant_hash }) => grant_hash)),
	};
}
