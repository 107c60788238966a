import { randomBytes, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createGrantKey, readGrantKeys, signGrant } from '../../adapters/keys/grant-keys.ts';
import { loadPolicySigner } from '../../adapters/keys/policy-keys.ts';
import { underVerifiedApply, type VerifiedSession } from '../../adapters/postgres/registrar/apply.ts';
import {
	contractModes,
	listGrants,
	registerGrant,
	revokeGrants,
} from '../../adapters/postgres/registrar/grant-rows.ts';
import { openOperatorSession } from '../../adapters/postgres/registrar/session.ts';
import type { GrantClaims } from '../../contracts/grant.ts';
import { hashGrant } from '../../service/dispatch/gather-facts.ts';
import { claimsFor, type GrantOrder } from '../../service/grants/mint-grant.ts';
import { desiredState } from '../../service/register/desired-state.ts';
import { keysFolder, operatorUrl, UsageFault } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import type { Output } from '../output.ts';

export interface MintOptions extends Omit<GrantOrder, 'modes'> {
	config: string;
	mode: string[];
	out?: string;
}

interface Minted {
	claims: GrantClaims;
	token: string;
}

/**
 * `governed grant mint`. The grant leaves this process once: on stdout, or in a new file only its owner can read. It is
 * written before it is registered, so that a full disk costs nothing.
 */
export async function mint({ config, out, mode, ...rest }: MintOptions, output: Output): Promise<ExitCode> {
	const order = { ...rest, modes: mode };
	return underDeclaration(
		config,
		async (session) => {
			const { claims, token } = await mintGrant(order, session);
			if (out !== undefined) await writeGrant(out, token);
			await registerGrant(session, claims, hashGrant(token));
			return { claims, token };
		},
		(minted) => tellMinted(minted, out, output),
		output,
	);
}

async function mintGrant(order: GrantOrder, { client, policy }: VerifiedSession): Promise<Minted> {
	const system = {
		now: Math.floor(Date.now() / 1_000),
		id: randomUUID(),
		nonce: randomBytes(16).toString('base64url'),
	};
	const made = claimsFor(order, policy, await contractModes(client, order.tool), system);
	if (made.kind === 'faulty') throw new UsageFault('The grant was not minted. Nothing was changed.', made.faults);
	return { claims: made.claims, token: await signGrant(keysFolder(), made.claims) };
}

async function writeGrant(path: string, token: string): Promise<void> {
	const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
		throw new UsageFault(`${path} cannot be made (${error.code}). Nothing was changed.`);
	});
	try {
		await file.writeFile(`${token}\n`);
		await file.sync();
	} finally {
		await file.close();
	}
}

function tellMinted({ claims, token }: Minted, out: string | undefined, output: Output): void {
	const expires = new Date(claims.exp * 1_000).toISOString();
	const facts = {
		id: claims.jti,
		tool: claims.tool,
		caller: claims.sub,
		modes: claims.modes,
		expires,
		uses: claims.max_uses,
	};
	output.say(
		`minted ${claims.jti}: ${claims.sub} may ${claims.modes.join(', ')} ${claims.tool} ${claims.max_uses} time(s) until ${expires}`,
	);
	output.data({ ...facts, ...(out === undefined ? { grant: token } : { file: out }) }, () => out ?? token);
}

/** `governed grant revoke`: at once on every node, since each use asks the database. */
export async function revoke(ids: string[], { config }: { config: string }, output: Output): Promise<ExitCode> {
	const malformed = ids.filter((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id));
	if (malformed.length > 0)
		throw new UsageFault(
			'Nothing was revoked.',
			malformed.map((id) => `${id} is not the id of a grant`),
		);
	return underDeclaration(
		config,
		(session) => revokeGrants(session, ids),
		(revoked) =>
			output.data({ revoked, unchanged: ids.filter((id) => !revoked.includes(id)) }, () =>
				ids.map((id) => (revoked.includes(id) ? `revoked ${id}` : `${id} was not valid: nothing to revoke`)).join('\n'),
			),
		output,
	);
}

/** `governed grant list`: what was ever minted, and what is left of it. */
export async function list(_options: unknown, output: Output): Promise<ExitCode> {
	const client = await openOperatorSession(operatorUrl());
	try {
		const grants = await listGrants(client);
		output.data({ grants }, () =>
			grants.length === 0
				? 'No grant was ever minted here.'
				: grants
						.map((grant) => {
							const left = `${grant.uses}/${grant.max_uses} used, until ${grant.expires_at}`;
							return `${grant.id}  ${grant.state.padEnd(16)} ${grant.tool} for ${grant.caller} (${grant.modes.join(', ')}; ${left})`;
						})
						.join('\n'),
		);
		return EXIT.done;
	} finally {
		await client.end();
	}
}

/** `governed grant rotate-keys`: the next key signs once `apply` has put it into the policy. */
export async function rotateKeys(_options: unknown, output: Output): Promise<ExitCode> {
	const folder = keysFolder();
	const kid = await createGrantKey(folder);
	const keys = (await readGrantKeys(folder)).map((key) => key.kid);
	output.data({ created: kid, keys }, () =>
		[
			`created grant key ${kid} in ${folder}`,
			'Now run: governed apply',
			...(keys.length > 1
				? ['Grants of the older keys go on working until you remove their grant-<n>.public.jwk and apply again.']
				: []),
		].join('\n'),
	);
	return EXIT.done;
}

/** Only a database that is what the declaration says gets a grant: nothing planted in it can then meet the operator. */
async function underDeclaration<T>(
	config: string,
	work: (session: VerifiedSession) => Promise<T>,
	tell: (value: T) => void,
	output: Output,
): Promise<ExitCode> {
	const folder = keysFolder();
	const desired = desiredState(await loadConfig(config), await readGrantKeys(folder));
	const result = await underVerifiedApply(operatorUrl(), desired, await loadPolicySigner(folder), work);
	if (result.kind === 'done') {
		tell(result.value);
		return EXIT.done;
	}
	output.data(
		{ ok: false, outcome: result.outcome },
		() =>
			'Refused: the database is not what the declaration says. Nothing was changed. Run: governed plan, then governed apply',
	);
	return EXIT.refused;
}
