import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compactVerify, importJWK, type JWK } from 'jose';
import { MARK_TYPE, readMark } from '../../contracts/generation-mark.ts';
import { policyDocumentSchema } from '../../contracts/policy.ts';
import type { PolicyVerdict, PolicyVerifier } from '../../service/ports/policy-verifier.ts';
import { POLICY_TYPE, PUBLIC_KEY_FILE } from './policy-keys.ts';

/**
 * Verifies with the public key in `keysDir` (`GOVERNED_KEYS_DIR`). The file is read at each verification, so that a
 * key put there later ends a hold without a restart; verifications happen when the policy changes, not per write.
 */
export function createPolicyVerifier(keysDir: string | undefined): PolicyVerifier {
	return {
		async verify(jws) {
			const key = await readKey(keysDir);
			return key
				? verifyWith(key, jws)
				: refused('POLICY_KEY_MISSING', `no usable ${PUBLIC_KEY_FILE} in GOVERNED_KEYS_DIR`);
		},
		async readMark(jws) {
			const key = await readKey(keysDir);
			const payload = key ? await signedPayload(key, jws, MARK_TYPE) : null;
			return payload ? readMark(new TextDecoder().decode(payload)) : null;
		},
	};
}

async function readKey(keysDir: string | undefined): Promise<JWK | undefined> {
	if (!keysDir) return undefined;

	try {
		const jwk = JSON.parse(await readFile(join(keysDir, PUBLIC_KEY_FILE), 'utf8')) as JWK;
		return jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && typeof jwk.x === 'string' ? jwk : undefined;
	} catch {
		return undefined;
	}
}

async function verifyWith(jwk: JWK, jws: string): Promise<PolicyVerdict> {
	const payload = await signedPayload(jwk, jws, POLICY_TYPE);
	if (payload) return parsePolicy(payload);
	return refused(
		'POLICY_SIGNATURE_INVALID',
		'the policy row was not signed as a policy with the key in GOVERNED_KEYS_DIR',
	);
}

async function signedPayload(jwk: JWK, jws: string, type: string): Promise<Uint8Array | null> {
	try {
		const key = await importJWK(jwk, 'EdDSA');
		const { payload, protectedHeader } = await compactVerify(jws, key, { algorithms: ['EdDSA'] });
		return protectedHeader.typ === type ? payload : null;
	} catch {
		return null;
	}
}

function parsePolicy(payload: Uint8Array): PolicyVerdict {
	try {
		const parsed = policyDocumentSchema.safeParse(
			JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)),
		);
		if (parsed.success) return { kind: 'verified', policy: parsed.data };
		return refused('POLICY_INVALID', parsed.error.issues.map((issue) => issue.path.join('.')).join(', '));
	} catch {
		return refused('POLICY_INVALID', 'the signed policy is not JSON');
	}
}

function refused(
	reason: 'POLICY_KEY_MISSING' | 'POLICY_SIGNATURE_INVALID' | 'POLICY_INVALID',
	detail: string,
): PolicyVerdict {
	return { kind: 'refused', reason, detail };
}
