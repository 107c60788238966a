import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
	calculateJwkThumbprint,
	createLocalJWKSet,
	exportJWK,
	generateKeyPair,
	importJWK,
	jwtVerify,
	SignJWT,
} from 'jose';
import {
	GRANT_TYPE,
	type GrantClaims,
	type GrantKey,
	grantClaimsSchema,
	grantKeySchema,
} from '../../contracts/grant.ts';
import { KeyFault, readKeyFile, writeNewKey } from './key-files.ts';

/** Each pair is two files, `grant-<n>.private.jwk` and `grant-<n>.public.jwk`; the highest number signs. */
const PUBLIC_FILE = /^grant-(\d{1,4})\.public\.jwk$/;
const CREATE = "Create the operator's grant key with: governed grant rotate-keys";

const fileOf = (number: number, half: 'private' | 'public') => `grant-${number}.${half}.jwk`;

/**
 * Makes the next grant key, which signs from now on. Older ones stay in the folder, and so in the policy, until their public
 * file is removed: grants they signed go on working meanwhile. Answers with the new key's id.
 */
export async function createGrantKey(folder: string): Promise<string> {
	const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
	const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const next = Math.max(0, ...(await numbersIn(folder))) + 1;
	const marks = { kid, alg: 'EdDSA' };
	await writeNewKey(join(folder, fileOf(next, 'private')), { ...(await exportJWK(privateKey)), ...marks }, 0o600);
	await writeNewKey(join(folder, fileOf(next, 'public')), { ...(await exportJWK(publicKey)), ...marks }, 0o644);
	return kid;
}

/** The public grant keys in the folder, newest first: what `apply` puts into the signed policy. Throws {@link KeyFault}. */
export async function readGrantKeys(folder: string): Promise<GrantKey[]> {
	const numbers = (await numbersIn(folder)).sort((a, b) => b - a);
	return Promise.all(
		numbers.map(async (number) => {
			const name = fileOf(number, 'public');
			const parsed = grantKeySchema.safeParse(await readKeyFile(join(folder, name), CREATE));
			if (!parsed.success) throw new KeyFault(`${name} is not a public Ed25519 grant key`);
			return parsed.data;
		}),
	);
}

async function numbersIn(folder: string): Promise<number[]> {
	const names = await readdir(folder).catch(() => [] as string[]);
	return names.flatMap((name) => PUBLIC_FILE.exec(name)?.[1] ?? []).map(Number);
}

/** Signs a grant with the newest key. Throws {@link KeyFault} when there is none. */
export async function signGrant(folder: string, claims: GrantClaims): Promise<string> {
	const newest = Math.max(0, ...(await numbersIn(folder)));
	const jwk = await readKeyFile(join(folder, fileOf(newest, 'private')), CREATE);
	return new SignJWT({ ...claims })
		.setProtectedHeader({ alg: 'EdDSA', kid: String(jwk.kid), typ: GRANT_TYPE })
		.sign(await importJWK(jwk, 'EdDSA'));
}

/**
 * The claims of a grant that one of `keys` signed; null for anything else. Says nothing about time, scope, revocation or
 * uses: those are the core's to judge, each with its own reason.
 */
export async function readGrant(keys: readonly GrantKey[], token: string): Promise<GrantClaims | null> {
	try {
		const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...keys] }), {
			algorithms: ['EdDSA'],
			typ: GRANT_TYPE,
			// An expired grant is told as expired, so its time is not judged here.
			currentDate: new Date(0),
		});
		return grantClaimsSchema.parse(payload);
	} catch {
		return null;
	}
}
