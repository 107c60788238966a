import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { PolicySigner } from '../../service/ports/registrar.ts';
import { KeyFault, readKeyFile, writeNewKey } from './key-files.ts';

/** Keeps a signature made with the same key for something else from passing as a policy. */
export const POLICY_TYPE = 'governance-policy+jws';
export const PRIVATE_KEY_FILE = 'policy.private.jwk';
export const PUBLIC_KEY_FILE = 'policy.public.jwk';

const CREATE = "Create the operator's keys once with: governed apply --init-keys";

/**
 * Makes the operator's Ed25519 key pair. The private file is readable by its owner only (0600); the public one may be
 * copied to Directus. Refuses to overwrite: a lost key is replaced by rotation, not by accident.
 */
export async function createPolicyKeys(folder: string): Promise<void> {
	const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
	const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await writeNewKey(join(folder, PRIVATE_KEY_FILE), { ...(await exportJWK(privateKey)), kid, alg: 'EdDSA' }, 0o600);
	await writeNewKey(join(folder, PUBLIC_KEY_FILE), { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' }, 0o644);
}

/** Loads the operator's key pair for signing and checking policies. Throws {@link KeyFault}. */
export async function loadPolicySigner(folder: string): Promise<PolicySigner> {
	const privateJwk = await readKeyFile(join(folder, PRIVATE_KEY_FILE), CREATE);
	const publicJwk = await readKeyFile(join(folder, PUBLIC_KEY_FILE), CREATE);
	if (privateJwk.kid !== publicJwk.kid) throw new KeyFault(`the two keys in ${folder} do not belong together`);
	const privateKey = await importJWK(privateJwk, 'EdDSA');
	const publicKey = await importJWK(publicJwk, 'EdDSA');
	const keyId = String(publicJwk.kid);
	return {
		keyId,
		sign: (payload, type = POLICY_TYPE) =>
			new CompactSign(new TextEncoder().encode(payload))
				.setProtectedHeader({ alg: 'EdDSA', kid: keyId, typ: type })
				.sign(privateKey),
		verify: async (jws, type = POLICY_TYPE) => {
			try {
				const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['EdDSA'] });
				return protectedHeader.typ === type ? new TextDecoder().decode(payload) : null;
			} catch {
				return null;
			}
		},
	};
}
