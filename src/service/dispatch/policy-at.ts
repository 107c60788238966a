import type { PolicyDocument } from '../../contracts/policy.ts';
import type { Runtime } from '../guard/runtime.ts';

/**
 * The policy in force, read again first when the database already holds a newer one than this node: an apply reaches
 * nodes by notification, and a request that races it is not a fault.
 *
 * @param generation what the database holds
 * @returns null when this node trusts no policy
 */
export async function policyAt(
	runtime: Pick<Runtime, 'state' | 'refresh'>,
	generation: number | null,
): Promise<PolicyDocument | null> {
	const present = trusted(runtime);
	if (present === null || generation === null || present.generation >= generation) return present;
	await runtime.refresh();
	return trusted(runtime);
}

function trusted(runtime: Pick<Runtime, 'state'>): PolicyDocument | null {
	const state = runtime.state();
	return state.kind === 'active' ? state.policy : null;
}
