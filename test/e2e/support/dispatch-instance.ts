import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ClusterHandle } from '../../../instance/cluster.ts';
import { startTestInstance, type TestInstance } from '../../../instance/harness.ts';
import { type Answer, at, call } from '../../../instance/http.ts';
import { AGENT } from '../../../instance/principals.ts';
import { withClient } from '../../../instance/roles.ts';
import type { DispatchRefusal } from '../../../src/contracts/dispatch.ts';

/** Words no refusal may carry. Source: DESIGN.md §3, 9. */
export const PROOF_WORDS = /pass|digest|seal/i;

/** Tables whose rows a dispatch must never change; ledgers it writes are excluded by name. */
const GOVERNED_TABLES = [
	'public.dot_tools',
	'public.dot_agent_api_contract',
	'public.table_registry',
	'public.governance_gates',
	'public.governance_canonical_operation_vocab',
	'public.governance_grants',
	'public.governance_reviews',
	'governance.policy',
	'governance.governed_collections',
	'governance.birth_certificates',
];

type Behaviour = 'lying' | 'silent';

export interface DispatchInstance extends TestInstance {
	/** `POST /governance/dispatch` with a JSON body, as admin unless a token (or null for nobody) is given. */
	dispatch(body: unknown, token?: string | null): Promise<Answer>;
	get(path: string, token?: string | null): Promise<Answer>;
	/** SQL as superuser. */
	sql<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
	/** Runs SQL as superuser with the triggers of `table` off: what nobody but a superuser can do. */
	tamper(table: string, text: string, values?: unknown[]): Promise<void>;
	/** Every governed and registry row, as one text. */
	governedRows(): Promise<string>;
	/** Applies the declaration of these tests, with changes. */
	govern(changes?: Record<string, unknown>): Promise<void>;
}

/** A lawful instance with a contract for every refusal, and three executors: a true, a dead and a lying one. */
export async function startDispatchInstance(cluster: ClusterHandle): Promise<DispatchInstance> {
	const liar = await listen('lying');
	const mute = await listen('silent');
	const instance = await startTestInstance({ cluster }).catch((error: unknown) => {
		liar.close();
		mute.close();
		throw error;
	});
	const sql = <Row extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
		withClient(instance.database.superuserUrl, async (client) => (await client.query(text, values)).rows as Row[]);
	const govern = async (changes: Record<string, unknown> = {}) => {
		const file = join(instance.folder, `config-${Date.now()}.mjs`);
		const config = { ...declaration(instance.executorUrl, urlOf(liar), urlOf(mute)), ...changes };
		await writeFile(file, `export default ${JSON.stringify(config)};\n`);
		await instance.apply(file);
		const generation = (await sql<{ g: string }>('select max(generation) as g from governance.policy'))[0]?.g;
		await until(async () => {
			const answer = await call(`${instance.url}/governance/health`, { token: instance.adminToken });
			return at(answer.body, 'data', 'generation') === Number(generation);
		});
	};
	const asTold = (token: string | null | undefined) => (token === null ? {} : { token: token ?? instance.adminToken });
	await govern();
	return {
		...instance,
		dispatch: (body, token) => call(`${instance.url}/governance/dispatch`, { method: 'POST', body, ...asTold(token) }),
		get: (path, token) => call(`${instance.url}${path}`, asTold(token)),
		sql,
		tamper: (table, text, values = []) => tamper(instance, table, text, values),
		governedRows: async () => {
			const selects = GOVERNED_TABLES.map((table) => `select '${table}' as name, t::text as row from ${table} t`);
			return JSON.stringify(await sql(`${selects.join(' union all ')} order by 1, 2`));
		},
		govern,
		stop: async () => {
			await instance.stop();
			for (const server of [liar, mute]) {
				server.closeAllConnections();
				server.close();
			}
		},
	};
}

async function tamper(instance: TestInstance, table: string, text: string, values: unknown[]): Promise<void> {
	await withClient(instance.database.superuserUrl, async (client) => {
		const { rows } = await client.query<{ tgname: string }>(
			'select tgname from pg_trigger where tgrelid = $1::regclass and not tgisinternal',
			[table],
		);
		await client.query('begin');
		for (const { tgname } of rows) await client.query(`alter table ${table} disable trigger ${tgname}`);
		await client.query(text, values);
		for (const { tgname } of rows) await client.query(`alter table ${table} enable always trigger ${tgname}`);
		await client.query('commit');
	});
}

function urlOf(server: Server): string {
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An executor that answers with something else than capabilities, or not at all. */
async function listen(behaviour: Behaviour): Promise<Server> {
	const server = createServer((_request, response) => {
		if (behaviour === 'lying') response.end('{"outcome":"PASS","digest":"sha256:0","seal":"trust me"}');
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return server;
}

function declaration(executorUrl: string, liarUrl: string, muteUrl: string): Record<string, unknown> {
	const contract = (tool: string, changes: Record<string, unknown> = {}) => ({
		tool,
		version: '1.0.0',
		executor: 'true',
		path: `/dot/${tool}/dry-run`,
		modes: ['PLAN_ONLY', 'DRY_RUN'],
		side_effects: 'none',
		input_schema: {
			type: 'object',
			additionalProperties: false,
			properties: { node: { type: 'string', maxLength: 50 } },
		},
		output_schema: { type: 'object' },
		rate_per_minute: 100_000,
		...changes,
	});
	const contracts = [
		contract('DOT_KG_EXPLAIN'),
		contract('DOT_INVENTORY'),
		contract('DOT_DRY_ONLY', { modes: ['DRY_RUN'] }),
		contract('DOT_AGENT_ONLY', { callers: { roles: [AGENT.role], users: [], surfaces: [] } }),
		contract('DOT_MCP_ONLY', { callers: { roles: [], users: [], surfaces: ['mcp'] } }),
		contract('DOT_SMALL', { max_input_bytes: 12 }),
		contract('DOT_RARE', { rate_per_minute: 2 }),
		contract('DOT_DEAD', { executor: 'dead' }),
		contract('DOT_LYING', { executor: 'lying' }),
		contract('DOT_SILENT', { executor: 'silent' }),
	];
	const codes = [...contracts.map(({ tool }) => tool), 'DOT_UNCONTRACTED'];
	return {
		environment: 'test',
		directus_role: 'directus',
		agents: { roles: [AGENT.role], users: [], surfaces: ['mcp', 'ai'] },
		executors: {
			true: { url: executorUrl },
			// The discard port: nothing listens there.
			dead: { url: 'http://127.0.0.1:9' },
			lying: { url: liarUrl },
			silent: { url: muteUrl },
		},
		tools: codes.map((code) => ({
			code,
			title: code,
			verb: 'test',
			object: 'dispatch',
			description: 'For tests.',
			path: `dot/${code}`,
		})),
		contracts,
		lanes: { C1: { tool: 'DOT_C1_VOCAB_BUILD', builds: 'governance_canonical_operation_vocab' } },
	};
}

/** Polls until `condition` holds; fails after 15 s. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 15_000;
	while (!(await condition())) {
		if (Date.now() > end) throw new Error('waited for 15 s in vain');
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

/** `errors[0].extensions` of a refused dispatch. */
export function refusalOf({ body }: Answer): DispatchRefusal {
	return at(body, 'errors', 0, 'extensions') as DispatchRefusal;
}
