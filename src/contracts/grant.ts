import { z } from 'zod';

/** `typ` of a grant's protected header: a signature made for something else never passes as a grant. */
export const GRANT_TYPE = 'governance-grant+jwt';

/** Who a grant is for, as the dispatcher names its caller. */
export const grantCallerSchema = z
	.string()
	.regex(/^(user|role|flow):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be user:<id>, role:<id> or flow:<id>');

/** Public half of a grant key (RFC 8037). Nothing private can stand in it. */
export const grantKeySchema = z.strictObject({
	kty: z.literal('OKP'),
	crv: z.literal('Ed25519'),
	x: z.string().min(1),
	kid: z.string().min(1),
	alg: z.literal('EdDSA'),
});

export type GrantKey = z.infer<typeof grantKeySchema>;

/**
 * What a grant says, as the claims of a JWT (RFC 7519). Times are seconds since the epoch. `iss` is the instance, `aud` its
 * environment, so that a demo's grant opens nothing elsewhere; `contract` is the digest of the contract it was minted for.
 */
export const grantClaimsSchema = z.strictObject({
	iss: z.uuid(),
	aud: z.string().min(1),
	sub: grantCallerSchema,
	jti: z.uuid(),
	iat: z.int().positive(),
	exp: z.int().positive(),
	nonce: z.string().min(16),
	tool: z.string().min(1),
	modes: z.array(z.enum(['PLAN_ONLY', 'DRY_RUN'])).min(1),
	contract: z.string().regex(/^sha256:[0-9a-f]{64}$/),
	lane: z.string().nullable(),
	max_uses: z.int().positive(),
});

export type GrantClaims = z.infer<typeof grantClaimsSchema>;
