import { z } from 'zod';
import type { AgentApiContract } from '../../contracts/agent-api-contract.ts';
import { type GrantClaims, grantCallerSchema } from '../../contracts/grant.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';

/** A grant is for a task, not for a year. */
const LONGEST_S = 30 * 86_400;
const UNIT_S = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** What an operator asks for, as typed on the command line. */
export interface GrantOrder {
	tool: string;
	caller: string;
	modes: string[];
	/** `90s`, `30m`, `8h`, `7d`. */
	expires: string;
	uses: string;
	lane?: string;
}

/** What differs from run to run. `now` is in seconds since the epoch. */
export interface MintSystem {
	now: number;
	id: string;
	nonce: string;
}

const order = z.strictObject({
	tool: z.string().min(1),
	caller: grantCallerSchema,
	modes: z
		.array(z.enum(['PLAN_ONLY', 'DRY_RUN'], { error: 'must be PLAN_ONLY or DRY_RUN; no grant opens REAL_RUN' }))
		.min(1, 'names at least one mode'),
	expires: z
		.string()
		.regex(/^\d{1,7}[smhd]$/, 'must be a number and s, m, h or d, like 8h')
		.transform(seconds)
		.refine((value) => value > 0 && value <= LONGEST_S, 'must be more than nothing and at most 30d'),
	uses: z.coerce.number('must be a whole number').int('must be a whole number').min(1).max(1_000_000),
	lane: z.string().min(1).optional(),
});

/**
 * The claims of a new grant, or every fault of the order at once. `contract` is the row the database holds for the tool,
 * null when there is none.
 */
export function claimsFor(
	request: GrantOrder,
	policy: PolicyDocument,
	contract: Pick<AgentApiContract, 'modes'> | null,
	{ now, id, nonce }: MintSystem,
): { kind: 'ok'; claims: GrantClaims } | { kind: 'faulty'; faults: string[] } {
	const { data, error } = order.safeParse(request);
	const faults = error?.issues.map(
		({ path, message }) => `--${path[0] === 'modes' ? 'mode' : String(path[0])} ${message}`,
	);
	const digest = Object.hasOwn(policy.contracts, request.tool) ? policy.contracts[request.tool] : undefined;
	const found = [...(faults ?? []), ...scopeFaults(request, policy, digest === undefined ? null : contract)];
	if (found.length > 0 || !data || digest === undefined) return { kind: 'faulty', faults: found };
	const { id: iss, environment: aud } = policy.instance;
	return {
		kind: 'ok',
		claims: {
			...{ iss, aud, sub: data.caller, jti: id, iat: now, exp: now + data.expires, nonce },
			...{ tool: data.tool, modes: [...new Set(data.modes)], contract: digest },
			...{ lane: data.lane ?? null, max_uses: data.uses },
		},
	};
}

function scopeFaults(
	{ tool, modes, lane }: GrantOrder,
	policy: PolicyDocument,
	contract: Pick<AgentApiContract, 'modes'> | null,
): string[] {
	const faults: string[] = [];
	if (contract === null) faults.push(`--tool ${tool} has no registered contract, so nothing could be granted`);
	for (const mode of modes) {
		if (contract && ['PLAN_ONLY', 'DRY_RUN'].includes(mode) && !contract.modes.includes(mode))
			faults.push(`--mode ${mode} is not offered by the contract of ${tool}`);
	}
	if (lane !== undefined && policy.lanes[lane]?.tool !== tool) faults.push(`--lane ${lane} does not name ${tool}`);
	return faults;
}

function seconds(text: string): number {
	return Number(text.slice(0, -1)) * UNIT_S[text.slice(-1) as keyof typeof UNIT_S];
}
