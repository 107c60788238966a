import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { governed } from '../../instance/governed.ts';
import { call } from '../../instance/http.ts';
import { withClient } from '../../instance/roles.ts';
import type { CensusCount, CensusProbe } from '../../src/contracts/census.ts';
import { type GuardedInstance, startGuardedInstance } from './support/guarded-instance.ts';

const CONFIG = join(fileURLToPath(new URL('.', import.meta.url)), 'support', 'guard.config.ts');

interface Census {
	ok: boolean;
	census: { surfaces: CensusCount[]; probes: CensusProbe[] };
}

let instance: GuardedInstance;

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
	const settings = { mcp_enabled: true, mcp_allow_deletes: true };
	await call(`${instance.url}/settings`, { method: 'PATCH', body: settings, token: instance.adminToken });
});

afterAll(() => instance?.stop());

async function verify(): Promise<{ code: number; found: Census }> {
	const { code, stdout, stderr } = await instance.cli('verify', '--census', '--json', '--config', CONFIG);
	if (!stdout.trim()) throw new Error(`no document: ${stderr}`);
	return { code, found: JSON.parse(stdout) as Census };
}

const told = ({ probes }: Census['census'], state: CensusProbe['state']): string[] =>
	probes
		.filter((probe) => probe.state === state)
		.map(({ surface, subject, request, observed }) => `${surface} ${request} ${subject}: ${observed}`);

/** Every row of every table, sorted, but for the ledger the census writes and what Directus counts by itself. */
async function everything(): Promise<string> {
	return withClient(instance.database.superuserUrl, async (client) => {
		const { rows } = await client.query<{ name: string }>(
			`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where c.relkind = 'r' and n.nspname in ('public', 'governance')
				and c.relname not in ('governance_evidence', 'evidence_head', 'directus_sessions', 'directus_users') order by 1`,
		);
		const parts: string[] = [];
		for (const { name } of rows) {
			const found = await client.query<{ text: string | null }>(
				`select string_agg(x::text, chr(10) order by x::text) as text from ${name} x`,
			);
			parts.push(`${name}\n${found.rows[0]?.text ?? ''}`);
		}
		const structure = await client.query<{ text: string }>(
			`select string_agg(concat_ws(' ', attrelid::regclass, attname, atttypid::regtype, attnotnull), chr(10) order by attrelid::regclass::text, attnum) as text
			from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace in ('public'::regnamespace, 'governance'::regnamespace) and c.relkind = 'r'`,
		);
		return [...parts, structure.rows[0]?.text].join('\n\n');
	});
}

async function asSuperuser<T>(sql: string, undo: string, work: () => Promise<T>): Promise<T> {
	await withClient(instance.database.superuserUrl, (client) => client.query(sql));
	try {
		return await work();
	} finally {
		await withClient(instance.database.superuserUrl, (client) => client.query(undo));
	}
}

describe('governed verify --census', () => {
	test('sees every way refused, and leaves nothing but evidence', async () => {
		const before = await everything();
		const { found } = await verify();
		expect(told(found.census, 'not_refused')).toEqual([]);
		const untold = told(found.census, 'not_demonstrated').filter((line) => !line.startsWith('database.logins'));
		// A collection with a sort field is the one thing that cannot be tried without changing it.
		expect(untold).toEqual([expect.stringMatching(/^rest sort gov_items: not tried/)]);
		for (const count of found.census.surfaces.filter(({ surface }) => !/^(database.logins|rest)$/.test(surface)))
			expect(count, count.surface).toMatchObject({ refused: count.known, not_demonstrated: 0 });
		expect(found.ok).toBe(true);
		expect(await everything()).toBe(before);
		const evidence = await withClient(instance.database.superuserUrl, (client) =>
			client.query(
				`select 1 from public.governance_evidence where convert_from(body, 'UTF8')::jsonb ->> 'kind' = 'census'`,
			),
		);
		expect(evidence.rowCount).toBe(1);
	});

	test('a grant too many, with the guard off, turns the row of that table red', async () => {
		const table = 'public.gov_items';
		await asSuperuser(
			`grant update on ${table} to directus; alter table ${table} disable trigger governance_a_assert_safe, disable trigger governance_z_block_after, disable trigger governance_m_birth_update`,
			`revoke update on ${table} from directus; ${['a_assert_safe', 'z_block_after', 'm_birth_update'].map((name) => `alter table ${table} enable always trigger governance_${name}`).join('; ')}`,
			async () => {
				const { code, found } = await verify();
				expect(code).toBe(2);
				expect(told(found.census, 'not_refused').join('\n')).toMatch(
					/^database\.(directus|owner) update public\.gov_items/m,
				);
				expect(told(found.census, 'not_refused').join('\n')).not.toMatch(/dot_tools/);
			},
		);
	});

	test('without its surfaces to ask they are not demonstrated, never safe', async () => {
		const operator = instance.operatorEnv();
		expect(operator.GOVERNED_DIRECTUS_URL).toBeTruthy();

		const { GOVERNED_DIRECTUS_TOKEN: _token, GOVERNED_DIRECTUS_URL: _url, ...env } = operator;
		const { code, stdout } = await governed(['verify', '--census', '--json', '--config', CONFIG], env);
		const { census } = JSON.parse(stdout) as Census;
		expect(code).toBe(4);
		for (const surface of ['rest', 'graphql', 'websocket', 'mcp', 'flow'])
			expect(census.surfaces.find((count) => count.surface === surface)).toMatchObject({
				probed: 0,
				refused: 0,
				not_demonstrated: 1,
			});
	});

	test('with the bundle unloaded no surface counts as refused, and still nothing changes', {
		timeout: 300_000,
	}, async () => {
		await withClient(instance.database.superuserUrl, (client) =>
			client.query(`set session_replication_role = replica; alter table public.directus_extensions disable trigger user;
				update public.directus_extensions set enabled = false where folder = 'governed-guard' or bundle is null and folder ~ 'governed';
				${['guard', 'last_look', 'truncate'].map((name) => `alter table public.directus_extensions enable always trigger governance_metadata_${name}`).join('; ')}`),
		);
		await instance.restartDirectus();
		const before = await everything();
		const { code, found } = await verify();
		expect([2, 3]).toContain(code);
		expect(found.ok).toBe(false);
		for (const surface of ['rest', 'graphql', 'websocket', 'mcp']) {
			const count = found.census.surfaces.find((one) => one.surface === surface);
			expect(count?.refused, surface).toBe(0);
			expect((count?.not_refused ?? 0) + (count?.not_demonstrated ?? 0), surface).toBeGreaterThan(0);
		}
		expect(await everything()).toBe(before);
	});
});
