import type { ExplainActor } from '../../contracts/explain.ts';
import type { PrincipalFacts, WriteSurface } from '../../core/principal.ts';
import type { DispatchCaller } from '../dispatch/caller.ts';
import type { PrincipalDirectory } from './ports.ts';

/** `facts` null is a system path, as everywhere; `policies` null have not been looked up. */
type ActorReading =
	| { kind: 'ok'; facts: PrincipalFacts | null; policies: readonly string[] | null }
	| { kind: 'faulty'; faults: string[] };

/** True when the question is about the caller: on any surface a request can come by, named or not. */
export function asksAboutItself(actor: ExplainActor | undefined, caller: DispatchCaller): boolean {
	if (actor === undefined) return true;
	const { user, surface, ...rest } = actor;
	if (surface === 'system' || Object.values(rest).some((value) => value !== undefined)) return false;
	return user === undefined || (user !== null && user === caller.user);
}

/** Who is asked about. What the question says counts; what it leaves out is looked up. */
export async function readActor(
	actor: ExplainActor | undefined,
	caller: DispatchCaller,
	surface: WriteSurface,
	directory: PrincipalDirectory,
): Promise<ActorReading> {
	const way = actor?.surface ?? surface;
	if (actor === undefined || asksAboutItself(actor, caller)) {
		return { kind: 'ok', facts: { ...caller, surface: way }, policies: null };
	}
	if (way === 'system') return systemPath(actor);

	const { user = null, role = null } = actor;
	const found = await directory.find({ user, role });
	if (found === null) {
		const names = [user !== null && 'actor.user', role !== null && 'actor.role'].filter((name) => name !== false);
		return { kind: 'faulty', faults: [`${names.join(' or ')}: Directus knows nobody of this id`] };
	}
	const roles = actor.roles ?? found.roles;
	const ownRole = role ?? found.role ?? roles[0] ?? null;
	const facts = { user, role: ownRole, roles, admin: actor.admin ?? found.admin, surface: way };
	return { kind: 'ok', facts, policies: actor.policies ?? found.policies };
}

/** Directus's own paths and those of other extensions carry nobody's name. */
function systemPath({ surface, ...named }: ExplainActor): ActorReading {
	const given = Object.entries(named).filter(([, value]) => value !== undefined);
	if (given.length === 0) return { kind: 'ok', facts: null, policies: [] };
	return { kind: 'faulty', faults: given.map(([name]) => `actor.${name}: surface ${surface} has nobody's name`) };
}
