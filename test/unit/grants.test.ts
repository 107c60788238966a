import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { CompactSign, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGrantKey, readGrant, readGrantKeys, signGrant } from '../../src/adapters/keys/grant-keys.ts';
import { GRANT_TYPE, type GrantClaims } from '../../src/contracts/grant.ts';
import type { PolicyDocument } from '../../src/contracts/policy.ts';
import { type GrantUse, judgeGrant } from '../../src/core/judge-grant.ts';
import { claimsFor, type GrantOrder } from '../../src/service/grants/mint-grant.ts';

const ID = '0f000000-0000-4000-8000-000000000001';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const USER = 'user:0f000000-0000-4000-8000-000000000002';

const CLAIMS: GrantClaims = {
	iss: '0f000000-0000-4000-8000-00000000000a',
	aud: 'test',
	sub: USER,
	jti: ID,
	iat: 1_000,
	exp: 2_000,
	nonce: 'n'.repeat(22),
	tool: 'DOT_KG_EXPLAIN',
	modes: ['DRY_RUN'],
	contract: DIGEST,
	lane: null,
	max_uses: 2,
};

const USE: GrantUse = {
	callers: [USER],
	tool: 'DOT_KG_EXPLAIN',
	mode: 'DRY_RUN',
	contract: DIGEST,
	instance: { id: CLAIMS.iss, environment: 'test' },
	now: 1_500,
};

const REGISTERED = { id: ID, revoked: false, uses: 0 };

describe('judging a grant', () => {
	test('covers exactly what it names', () => {
		expect(judgeGrant(CLAIMS, REGISTERED, USE)).toBeNull();
	});

	const bad: [string, string, Partial<GrantUse>, Partial<typeof REGISTERED>?][] = [
		['another tool', 'GRANT_SCOPE_MISMATCH', { tool: 'DOT_INVENTORY' }],
		['another caller', 'GRANT_SCOPE_MISMATCH', { callers: ['user:0f000000-0000-4000-8000-000000000003'] }],
		['nobody', 'GRANT_SCOPE_MISMATCH', { callers: [] }],
		['another mode', 'GRANT_SCOPE_MISMATCH', { mode: 'PLAN_ONLY' }],
		['REAL_RUN', 'GRANT_SCOPE_MISMATCH', { mode: 'REAL_RUN' }],
		['a changed contract', 'GRANT_SCOPE_MISMATCH', { contract: `sha256:${'b'.repeat(64)}` }],
		['another instance', 'GRANT_SCOPE_MISMATCH', { instance: { id: ID, environment: 'test' } }],
		['production', 'GRANT_SCOPE_MISMATCH', { instance: { id: CLAIMS.iss, environment: 'production' } }],
		['the second it ends', 'GRANT_EXPIRED', { now: 2_000 }],
		['a grant taken back', 'GRANT_REVOKED', {}, { revoked: true }],
		['a grant used up', 'GRANT_EXHAUSTED', {}, { uses: 2 }],
		['the row of another grant', 'GRANT_INVALID', {}, { id: '0f000000-0000-4000-8000-0000000000ff' }],
	];

	for (const [name, reason, use, row = {}] of bad) {
		test(`${name}: ${reason}`, () => {
			expect(judgeGrant(CLAIMS, { ...REGISTERED, ...row }, { ...USE, ...use })).toMatchObject({ reason });
		});
	}

	test('an unregistered one is invalid, whatever it says', () => {
		expect(judgeGrant(CLAIMS, null, USE)).toMatchObject({ reason: 'GRANT_INVALID' });
	});
});

describe('grant keys', () => {
	let folder: string;
	let token: string;

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'grant-keys-'));
		await createGrantKey(folder);
		token = await signGrant(folder, CLAIMS);
	});

	afterAll(() => rm(folder, { recursive: true, force: true }));

	test('the private half is its owner’s alone, and the public half holds nothing private', async () => {
		expect((await stat(join(folder, 'grant-1.private.jwk'))).mode & 0o777).toBe(0o600);
		expect(JSON.parse(await readFile(join(folder, 'grant-1.public.jwk'), 'utf8'))).not.toHaveProperty('d');
	});

	test('a signed grant reads back', async () => {
		expect(await readGrant(await readGrantKeys(folder), token)).toEqual(CLAIMS);
	});

	test('after a rotation old grants work until the old public key goes', async () => {
		const other = await mkdtemp(join(tmpdir(), 'grant-keys-'));
		try {
			await createGrantKey(other);
			const old = await signGrant(other, CLAIMS);
			await createGrantKey(other);
			const fresh = await signGrant(other, CLAIMS);
			const both = await readGrantKeys(other);
			expect(both).toHaveLength(2);
			expect(await readGrant(both, old)).toEqual(CLAIMS);
			expect(await readGrant(both, fresh)).toEqual(CLAIMS);
			await rm(join(other, 'grant-1.public.jwk'));
			const one = await readGrantKeys(other);
			expect(await readGrant(one, old)).toBeNull();
			expect(await readGrant(one, fresh)).toEqual(CLAIMS);
			expect((await readdir(other)).sort()).toEqual([
				'grant-1.private.jwk',
				'grant-2.private.jwk',
				'grant-2.public.jwk',
			]);
		} finally {
			await rm(other, { recursive: true, force: true });
		}
	});

	test('a public key file that holds a private key is refused', async () => {
		const other = await mkdtemp(join(tmpdir(), 'grant-keys-'));
		try {
			await createGrantKey(other);
			await writeFile(join(other, 'grant-1.public.jwk'), await readFile(join(other, 'grant-1.private.jwk')));
			await expect(readGrantKeys(other)).rejects.toThrow('not a public Ed25519 grant key');
		} finally {
			await rm(other, { recursive: true, force: true });
		}
	});

	test('forgeries are nothing', async () => {
		const keys = await readGrantKeys(folder);
		const [header = '', payload = '', signature = ''] = token.split('.');
		const mine = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
		const signed = (key: CryptoKey, typ: string, kid = keys[0]?.kid ?? '') =>
			new SignJWT({ ...CLAIMS }).setProtectedHeader({ alg: 'EdDSA', kid, typ }).sign(key);
		const own = (await importJWK(
			JSON.parse(await readFile(join(folder, 'grant-1.private.jwk'), 'utf8')),
			'EdDSA',
		)) as CryptoKey;
		const more = Buffer.from(JSON.stringify({ ...CLAIMS, max_uses: 1_000 })).toString('base64url');
		const forgeries = [
			'',
			'x',
			`${header}.${more}.${signature}`,
			`${header}.${payload}.`,
			`${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
			new UnsecuredJWT({ ...CLAIMS }).encode(),
			// Signed with the public key as if it were a shared secret.
			await new CompactSign(Buffer.from(JSON.stringify(CLAIMS)))
				.setProtectedHeader({ alg: 'HS256', typ: GRANT_TYPE, kid: keys[0]?.kid ?? '' })
				.sign(Buffer.from(keys[0]?.x ?? '', 'base64url')),
			await signed(mine.privateKey, GRANT_TYPE),
			await signed(own, 'governance-policy+jws'),
			await signed(own, 'JWT'),
			await signed(own, GRANT_TYPE, 'unknown'),
		];
		for (const forgery of forgeries) expect(await readGrant(keys, forgery), forgery).toBeNull();
		// The same key and type do sign a grant: the attempts above failed for their faults.
		expect(await readGrant(keys, await signed(own, GRANT_TYPE))).toEqual(CLAIMS);
	});

	test('no character of a grant can be changed', async () => {
		const keys = await readGrantKeys(folder);
		await fc.assert(
			fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'ABCDefgh0189-_.'), async (at, character) => {
				const changed = `${token.slice(0, at)}${character}${token.slice(at + 1)}`;
				const read = await readGrant(keys, changed);
				// The last character of base64url may carry unused bits; what it says is the same then.
				if (read !== null) expect(read).toEqual(CLAIMS);
			}),
			{ numRuns: 200 },
		);
	});
});

describe('an order for a grant', () => {
	const policy = {
		contracts: { DOT_KG_EXPLAIN: DIGEST },
		lanes: { C1: { tool: 'DOT_C1_VOCAB_BUILD', builds: 'x' } },
		instance: { id: CLAIMS.iss, environment: 'test' },
	} as unknown as PolicyDocument;
	const contract = { modes: ['PLAN_ONLY', 'DRY_RUN'] };
	const system = { now: 1_000, id: ID, nonce: CLAIMS.nonce };
	const ORDER: GrantOrder = { tool: 'DOT_KG_EXPLAIN', caller: USER, modes: ['DRY_RUN'], expires: '1h', uses: '1' };

	test('becomes claims', () => {
		expect(claimsFor(ORDER, policy, contract, system)).toEqual({
			kind: 'ok',
			claims: { ...CLAIMS, exp: 4_600, max_uses: 1 },
		});
	});

	test('names every fault at once', () => {
		const made = claimsFor(
			{ tool: 'DOT_NONE', caller: 'admin', modes: ['REAL_RUN'], expires: '1y', uses: '0', lane: 'C1' },
			policy,
			null,
			system,
		);
		expect(made).toMatchObject({ kind: 'faulty' });
		const { faults } = made as { faults: string[] };
		for (const option of ['--caller', '--mode', '--expires', '--uses', '--tool', '--lane']) {
			expect(
				faults.some((fault) => fault.startsWith(option)),
				`${option} in ${faults.join('; ')}`,
			).toBe(true);
		}
	});

	test.each(['0s', '31d', '-1h', '1.5h', '1', 'h', '99999999s'])('never lasts %s', (expires) => {
		expect(claimsFor({ ...ORDER, expires }, policy, contract, system).kind).toBe('faulty');
	});

	test('no order, however odd, makes a grant for REAL_RUN or for longer than 30 days', () => {
		const word = fc.oneof(
			fc.string(),
			fc.constantFrom('REAL_RUN', 'DRY_RUN', 'PLAN_ONLY', 'DOT_KG_EXPLAIN', USER, '30d', '1'),
		);
		fc.assert(
			fc.property(
				fc.record({ tool: word, caller: word, modes: fc.array(word), expires: word, uses: word }),
				(order) => {
					const made = claimsFor(order, policy, contract, system);
					if (made.kind === 'faulty') return made.faults.length > 0;
					const { modes, exp, tool } = made.claims;
					return !(modes as string[]).includes('REAL_RUN') && exp - 1_000 <= 30 * 86_400 && tool === 'DOT_KG_EXPLAIN';
				},
			),
		);
	});
});
