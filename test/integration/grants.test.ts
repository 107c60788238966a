import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { directusDatabase, type TestDatabase } from '../../instance/cluster.ts';
import { readGrant } from '../../src/adapters/keys/grant-keys.ts';
import { loadPolicySigner } from '../../src/adapters/keys/policy-keys.ts';
import { hashGrant } from '../../src/service/dispatch/gather-facts.ts';
import { attempt, DENIED } from './support/attempt.ts';
import { type Ran, runCli } from './support/cli.ts';
import { connect } from './support/scene.ts';

const CALLER = 'user:0f000000-0000-4000-8000-000000000002';
const MINT = ['grant', 'mint', '--tool', 'DOT_KG_EXPLAIN', '--caller', CALLER, '--json'];

let database: TestDatabase;
let folder: string;
let directus: Awaited<ReturnType<typeof connect>>;
let superuser: typeof directus;

const cli = (...args: string[]): Promise<Ran> =>
	runCli([...args, '--config', join(folder, 'config.mjs')], {
		GOVERNED_OPERATOR_URL: database.operatorUrl,
		GOVERNED_KEYS_DIR: join(folder, 'keys'),
	});

const contract = (tool: string) => ({
	tool,
	version: '1.0.0',
	executor: 'agent-api',
	path: `/dot/${tool}/dry-run`,
	modes: ['PLAN_ONLY', 'DRY_RUN'],
	side_effects: 'none',
	input_schema: { type: 'object' },
	output_schema: { type: 'object' },
});

async function declare(change: Record<string, unknown> = {}): Promise<void> {
	const tools = ['DOT_KG_EXPLAIN', 'DOT_BARE'].map((code) => ({
		...{ code, title: code, verb: 'explain', object: 'graph', description: code, path: code },
	}));
	const executors = { 'agent-api': { url: 'http://127.0.0.1:9' } };
	const config = { environment: 'test', executors, tools, contracts: [contract('DOT_KG_EXPLAIN')], ...change };
	await writeFile(join(folder, 'config.mjs'), `export default ${JSON.stringify(config)};\n`);
}

/** Mints and answers with the grant and its id. */
async function minted(...options: string[]): Promise<{ id: string; grant: string }> {
	const { code, stdout, stderr } = await cli(...MINT, ...options);
	expect(code, stderr).toBe(0);
	return JSON.parse(stdout) as { id: string; grant: string };
}

const use = async (grant: string, claim: string = randomUUID()): Promise<string> => {
	const client = await connect(database.directusUrl);
	try {
		const { rows } = await client.query('select governance.use_grant($1, $2) as taken', [hashGrant(grant), claim]);
		return String(rows[0]?.taken);
	} finally {
		await client.end();
	}
};

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'grants-'));
	database = await directusDatabase(inject('cluster'));
	await declare();
	const applied = await cli('apply', '--init-keys');
	expect(applied.code, applied.stderr).toBe(0);
	directus = await connect(database.directusUrl);
	superuser = await connect(database.superuserUrl);
});

afterAll(async () => {
	await Promise.all([directus?.end(), superuser?.end()]);
	await database?.drop();
	await rm(folder, { recursive: true, force: true });
});

describe('minting', () => {
	test('a grant verifies with the keys of the signed policy, and the database keeps only its hash', async () => {
		const { id, grant } = await minted('--uses', '3', '--expires', '8h');
		const { rows } = await superuser.query('select jws from governance.policy order by generation desc limit 1');
		const signer = await loadPolicySigner(join(folder, 'keys'));
		const policy = JSON.parse((await signer.verify(String(rows[0]?.jws))) ?? '');
		expect(await readGrant(policy.grant_keys, grant)).toMatchObject({
			...{ jti: id, sub: CALLER, tool: 'DOT_KG_EXPLAIN', modes: ['DRY_RUN'], max_uses: 3 },
			...{ contract: policy.contracts.DOT_KG_EXPLAIN, iss: policy.instance.id, aud: 'test' },
		});
		const stored = JSON.stringify(
			(await superuser.query('select g::text, e.body from public.governance_grants g, public.governance_evidence e'))
				.rows,
		);
		expect(stored).toContain(hashGrant(grant));
		for (const part of grant.split('.')) expect(stored).not.toContain(part);
	});

	test('its row has a birth certificate, its minting an entry in the log', async () => {
		const { id } = await minted();
		const { rows } = await superuser.query(
			`select c.apply_id, convert_from(e.body, 'UTF8')::jsonb as entry from governance.birth_certificates c, public.governance_evidence e
			where c.collection = 'governance_grants' and c.row_key = $1 and convert_from(e.body, 'UTF8')::jsonb ->> 'grant_id' = $1`,
			[id],
		);
		expect(rows).toMatchObject([{ entry: { kind: 'grant', event: 'minted', apply_id: rows[0]?.apply_id } }]);
	});

	test('--out makes a file only its owner can read, and never overwrites', async () => {
		const file = join(folder, 'grant.jwt');
		const first = await cli(...MINT, '--out', file);
		expect(first.code, first.stderr).toBe(0);
		expect(first.stdout).not.toContain('eyJ');
		expect((await stat(file)).mode & 0o777).toBe(0o600);
		const before = await readFile(file, 'utf8');
		expect((await cli(...MINT, '--out', file)).stderr).toContain('EEXIST');
		expect(await readFile(file, 'utf8')).toBe(before);
	});

	test('every fault is named at once and nothing changes', async () => {
		const before = await superuser.query('select count(*) from public.governance_grants');
		const { code, stderr } = await cli(
			...['grant', 'mint', '--tool', 'DOT_BARE', '--caller', 'admin', '--mode', 'REAL_RUN'],
			...['--uses', '0', '--expires', 'ever', '--lane', 'C1'],
		);
		expect(code).toBe(1);
		for (const option of ['--tool', '--caller', '--mode', '--uses', '--expires', '--lane'])
			expect(stderr).toContain(option);
		expect((await superuser.query('select count(*) from public.governance_grants')).rows).toEqual(before.rows);
	});

	test('is refused while the database is not what the declaration says', async () => {
		await declare({ contracts: [] });
		const { code, stdout } = await cli(...MINT);
		await declare();
		expect(code).toBe(3);
		expect(JSON.parse(stdout)).toMatchObject({ ok: false, outcome: { kind: 'applied' } });
	});
});

describe('using', () => {
	test('exactly as often as it says, whoever races', async () => {
		const { grant } = await minted('--uses', '5');
		const taken = await Promise.all(Array.from({ length: 40 }, () => use(grant)));
		expect(taken.filter((answer) => answer === 'used')).toHaveLength(5);
		expect(taken.filter((answer) => answer === 'exhausted')).toHaveLength(35);
	});

	test('one use per claim, however often the claim comes back', async () => {
		const { grant } = await minted('--uses', '2');
		const claim = randomUUID();
		const taken = await Promise.all(Array.from({ length: 10 }, () => use(grant, claim)));
		expect(taken).toEqual(Array(10).fill('used'));
		expect([await use(grant), await use(grant)]).toEqual(['used', 'exhausted']);
	});

	test('a use that was rolled back was not taken', async () => {
		const { grant } = await minted();
		await directus.query('begin');
		await directus.query('select governance.use_grant($1, $2)', [hashGrant(grant), randomUUID()]);
		await directus.query('rollback');
		expect([await use(grant), await use(grant)]).toEqual(['used', 'exhausted']);
	});

	test('not after its time, by the clock of the database', async () => {
		const { grant } = await minted('--expires', '1s');
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		expect(await use(grant)).toBe('expired');
	});

	test('not when nobody minted it', async () => {
		expect(await use('eyJhbGciOiJFZERTQSJ9.e30.x')).toBe('unregistered');
	});
});

describe('taking back', () => {
	test('works at once, also for the claim that already used it', async () => {
		const { id, grant } = await minted('--uses', '9');
		const claim = randomUUID();
		expect(await use(grant, claim)).toBe('used');
		const revoked = await cli('grant', 'revoke', id, randomUUID(), '--json');
		expect(JSON.parse(revoked.stdout)).toMatchObject({ revoked: [id], unchanged: [expect.any(String)] });
		expect([await use(grant, claim), await use(grant)]).toEqual(['revoked', 'revoked']);
		const listed = JSON.parse((await cli('grant', 'list', '--json')).stdout) as {
			grants: { id: string; state: string }[];
		};
		expect(listed.grants.find((grantRow) => grantRow.id === id)).toMatchObject({ state: 'revoked', uses: 1 });
	});

	test('twice is once', async () => {
		const { id } = await minted();
		await cli('grant', 'revoke', id);
		const before = await superuser.query('select revoked_at from public.governance_grants where id = $1', [id]);
		expect((await cli('grant', 'revoke', id)).stdout).toContain('nothing to revoke');
		expect((await superuser.query('select revoked_at from public.governance_grants where id = $1', [id])).rows).toEqual(
			before.rows,
		);
	});
});

describe('as Directus’s role', () => {
	test.each([
		`insert into public.governance_grants (id, token_hash, tool, caller, modes, contract_digest, expires_at, max_uses)
			values (gen_random_uuid(), 'x', 'DOT_KG_EXPLAIN', 'user:x', '["DRY_RUN"]', 'x', now() + interval '1 day', 9)`,
		'update public.governance_grants set max_uses = 1000',
		'update public.governance_grants set revoked_at = null',
		`update public.governance_grants set expires_at = now() + interval '1 year'`,
		'delete from public.governance_grants',
		'delete from governance.grant_uses',
		'insert into governance.grant_uses (grant_id, claim) select id, gen_random_uuid() from public.governance_grants',
		'truncate governance.grant_uses',
		'update governance.grant_uses set claim = gen_random_uuid()',
	])('%s is refused', async (sql) => {
		expect((await attempt(directus, sql)).code).toMatch(DENIED);
	});
});

test('rotation: the older key’s grants work until its public half goes, then only the new one’s', async () => {
	await minted();
	expect((await cli('grant', 'rotate-keys')).code).toBe(0);
	// The new key is not in the policy yet: nothing is minted that nobody could verify.
	expect((await cli(...MINT)).code).toBe(3);
	expect((await cli('apply')).code).toBe(0);
	const fresh = await minted();
	const { rows } = await superuser.query('select jws from governance.policy order by generation desc limit 1');
	const signer = await loadPolicySigner(join(folder, 'keys'));
	const policy = JSON.parse((await signer.verify(String(rows[0]?.jws))) ?? '');
	expect(policy.grant_keys).toHaveLength(2);
	expect(await readGrant(policy.grant_keys.slice(0, 1), fresh.grant)).not.toBeNull();
});
