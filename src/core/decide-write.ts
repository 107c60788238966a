import type { PolicyIndex, WriteAction } from './policy-index.ts';
import { isAgent, type WritePrincipal } from './principal.ts';
import type { WriteReason, WriteRefusalCode } from './reasons.ts';
import { type CollectionStewards, judgeSteward } from './steward-index.ts';

export { buildPolicyIndex, type PolicyIndex, type WriteAction, type WritePolicy } from './policy-index.ts';

/** `fields`: names written at the top level; absent means not known yet, and whoever knows them asks again. */
export interface WriteRequest {
	collection: string;
	action: WriteAction;
	fields?: readonly string[];
	/** A call that will ask again for each write of its own, and does not know yet which actions these are. */
	manyActions?: boolean;
	principal: WritePrincipal;
}

/**
 * `rule` names what decided: an entry of the policy (`write_allowlist[3]`, `steward:prices/editors`), a governed collection,
 * or a default. `stewards` are the names of the steward rules a permit must be taken for; absent: no permit is needed.
 */
export type WriteDecision =
	| { kind: 'allowed'; rule: string; stewards?: readonly string[] }
	| {
			kind: 'refused';
			code: WriteRefusalCode;
			reason: WriteReason;
			rule: string;
			/** One clause that says more than the code does. */
			detail?: string;
	  };

/** What the process knows about its policy at this moment. `known` is the last verified one, if there ever was one. */
export type WritePosture =
	| { kind: 'uninstalled' }
	| { kind: 'hold'; known: PolicyIndex | null }
	| { kind: 'active'; index: PolicyIndex };

/**
 * Default deny: a governed collection is written by nobody who comes through Directus but its stewards, admins and system
 * paths included; an agent principal writes nothing that the allowlist does not name. Everything else is not ours to decide.
 * Source: DESIGN.md §3, guarantee 1.
 */
export function decideWrite(index: PolicyIndex, request: WriteRequest): WriteDecision {
	const { collection, principal } = request;

	if (isAgentPrincipal(index, principal)) return decideForAgent(index, request);
	if (index.governed.has(collection)) return decideForSteward(index, request);
	return { kind: 'allowed', rule: 'ungoverned' };
}

/** The decision in any state of the policy. What cannot be verified is refused, never waved through. */
export function decideInPosture(posture: WritePosture, request: WriteRequest): WriteDecision {
	switch (posture.kind) {
		case 'active':
			return decideWrite(posture.index, request);
		case 'uninstalled':
			return request.principal.surface === 'mcp' || request.principal.surface === 'ai'
				? onHold('uninstalled')
				: { kind: 'allowed', rule: 'uninstalled' };
		case 'hold':
			return request.principal.kind !== 'system' || posture.known?.governed.has(request.collection)
				? onHold('hold')
				: { kind: 'allowed', rule: 'hold:system' };
		default:
			return posture satisfies never;
	}
}

/**
 * The shape of a governed collection, and the rows that describe it, change at deploy time only. `described` are the
 * collections a change is about; others than governed ones stay an ordinary write to `collection`.
 */
export function decideStructure(
	posture: WritePosture,
	request: WriteRequest,
	described: readonly string[],
): WriteDecision {
	const index = posture.kind === 'active' ? posture.index : posture.kind === 'hold' ? posture.known : null;
	const locked = index && described.find((name) => index.governed.has(name));

	if (locked)
		return {
			kind: 'refused',
			code: 'GOVERNED_STRUCTURE_LOCKED',
			reason: 'STRUCTURE_LOCKED',
			rule: `governed:${locked}`,
		};
	return decideInPosture(posture, request);
}

/** Rows that load this bundle stay as they are while it governs: who may switch the guard off may write anything. */
export function decideBundle(posture: WritePosture, request: WriteRequest): WriteDecision {
	if (posture.kind === 'uninstalled') return decideInPosture(posture, request);
	return { kind: 'refused', code: 'GOVERNED_STRUCTURE_LOCKED', reason: 'BUNDLE_PROTECTED', rule: 'bundle' };
}

/** Agents never are stewards, nor is anybody without a name: public, a share, a system path, a flow with all rights. */
function decideForSteward(index: PolicyIndex, request: WriteRequest): WriteDecision {
	const { collection, principal } = request;
	const stewards = index.stewards.get(collection);
	const nobody = notAllowlisted(`governed:${collection}`);
	if (!stewards || principal.user === null) return nobody;
	if (principal.kind !== 'user' && principal.kind !== 'admin') return nobody;
	return judgedSteward(stewards, request) ?? nobody;
}

function judgedSteward(
	stewards: CollectionStewards,
	{ collection, action, fields, manyActions, principal }: WriteRequest,
): WriteDecision | null {
	const { user, role, roles = [], policies = [] } = principal;
	const marks = { user, roles: role === null || roles.includes(role) ? roles : [role, ...roles], policies };
	const verdict = judgeSteward(stewards, marks, manyActions ? null : action, fields);
	const code = 'GOVERNED_WRITE_DENIED';
	switch (verdict.kind) {
		case 'allowed':
			return { kind: 'allowed', rule: stewardRule(collection, verdict.rules), stewards: verdict.rules };
		case 'other_action':
			return { kind: 'refused', code, reason: 'ACTION_NOT_STEWARDED', rule: `governed:${collection}` };
		case 'other_field':
			return {
				kind: 'refused',
				code,
				reason: 'FIELD_NOT_STEWARDED',
				rule: stewardRule(collection, verdict.rules),
			};
		case 'no_steward':
			return null;
		default:
			return verdict satisfies never;
	}
}

const stewardRule = (collection: string, rules: readonly string[]): string =>
	`steward:${collection}/${rules.join('+')}`;

function decideForAgent(index: PolicyIndex, { collection, action, fields, manyActions }: WriteRequest): WriteDecision {
	const actions = index.allowed.get(collection);
	if (!actions) {
		return notAllowlisted(index.governed.has(collection) ? `governed:${collection}` : 'agents:default-deny');
	}
	const allowed = manyActions ? Object.values(actions)[0] : actions[action];
	if (!allowed) return notAllowlisted('agents:default-deny');
	const { any, rule } = allowed;
	if (
		any ||
		manyActions ||
		fields === undefined ||
		action === 'delete' ||
		fields.every((field) => allowed.fields.has(field))
	) {
		return { kind: 'allowed', rule };
	}
	return { kind: 'refused', code: 'GOVERNED_WRITE_DENIED', reason: 'FIELD_NOT_IN_WRITE_ALLOWLIST', rule };
}

/** A listed id decides as well as the kind does: the caller may not know the policy's agents. */
function isAgentPrincipal(index: PolicyIndex, principal: WritePrincipal): boolean {
	if (principal.kind === 'agent') return true;
	if (principal.kind === 'system') return false;
	return isAgent(index.agents, principal);
}

function notAllowlisted(rule: string): WriteDecision {
	return { kind: 'refused', code: 'GOVERNED_WRITE_DENIED', reason: 'NOT_IN_WRITE_ALLOWLIST', rule };
}

function onHold(rule: string): WriteDecision {
	return { kind: 'refused', code: 'GOVERNANCE_HOLD', reason: 'POLICY_NOT_VERIFIED', rule };
}
