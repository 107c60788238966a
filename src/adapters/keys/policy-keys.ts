import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
	CompactSign,
	calculateJwkThumbprint,
	compactVerify,
	exportJWK,
	generateKeyPair,
	importJWK,
	type JWK,
} from 'jose';
import type { PolicySigner } from '../../service/ports/registrar.ts';

export const PRIVATE_KEY_FILE = 'policy.private.jwk';
export const PUBLIC_KEY_FILE = 'policy.public.jwk';

/** The folder of keys lacks what is needed, or holds something else. `message` says which file and what to do. */
class KeyFault extends Error {
	override readonly name = 'KeyFault';
}

/**
 * Makes the operator's Ed25519 key pair. The private file is readable by its owner only (0600); the public one may be
 * copied to Directus. Refuses to overwrite: a lost key is replaced by rotation, not by accident.
 */
export async function createPolicyKeys(folder: string): Promise<void> {
	const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
	const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await writeNew(join(folder, PRIVATE_KEY_FILE), { ...(await exportJWK(privateKey)), kid, alg: 'EdDSA' }, 0o600);
	await writeNew(join(folder, PUBLIC_KEY_FILE), { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' }, 0o644);
}

async function writeNew(path: string, jwk: JWK, mode: number): Promise<void> {
	const file = await open(path, 'wx', mode);
	try {
		await file.writeFile(`${JSON.stringify(jwk, null, '\t')}\n`);
		await file.sync();
	} finally {
		await file.close();
	}
}

async function readKey(folder: string, name: string): Promise<JWK> {
	const path = join(folder, name);
	const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
		throw new KeyFault(
			error.code === 'ENOENT'
				? `${path} does not exist. Create the operator's keys once with: governed apply --init-keys`
				: `${path} cannot be read (${error.code})`,
		);
	});
	try {
		return JSON.parse(text) as JWK;
	} catch {
		throw new KeyFault(`${path} is not a JSON Web Key`);
	}
}

/** Loads the operator's key pair for signing and checking policies. Throws {@link KeyFault}. */
export async function loadPolicySigner(folder: string): Promise<PolicySigner> {
	const privateJwk = await readKey(folder, PRIVATE_KEY_FILE);
	const publicJwk = await readKey(folder, PUBLIC_KEY_FILE);
	if (privateJwk.kid !== publicJwk.kid) throw new KeyFault(`the two keys in ${folder} do not belong together`);
	const privateKey = await importJWK(privateJwk, 'EdDSA');
	const publicKey = await importJWK(publicJwk, 'EdDSA');
	const keyId = String(publicJwk.kid);
	return {
		keyId,
		sign: (payload) =>
			new CompactSign(new TextEncoder().encode(payload))
				.setProtectedHeader({ alg: 'EdDSA', kid: keyId, typ: 'governance-policy+jws' })
				.sign(privateKey),
		verify: async (jws) => {
			try {
				const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['EdDSA'] });
				return protectedHeader.typ === 'governance-policy+jws' ? new TextDecoder().decode(payload) : null;
			} catch {
				return null;
			}
		},
	};
}
