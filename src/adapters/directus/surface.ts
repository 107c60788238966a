import type { PrincipalFacts, WriteSurface } from '../../core/principal.ts';
import type { Accountability } from './directus-types.ts';

/** Enumerable and shared by all module instances: survives the spreads Directus copies an accountability with. */
const SURFACE_MARK = Symbol.for('governed-dispatch.surface');

/** Says on the accountability itself which way its request came in. */
export function markSurface(accountability: Accountability, surface: WriteSurface): void {
	accountability[SURFACE_MARK] = surface;
}

/**
 * The surface a write came in by. Directus's `$full` flows carry an admin without user and role, which no request
 * can; requests nobody marked are REST.
 */
function surfaceOf(accountability: Accountability): WriteSurface {
	const mark = accountability[SURFACE_MARK];
	if (mark !== undefined) return mark as WriteSurface;
	return accountability.admin === true && !accountability.user && !accountability.role ? 'flow' : 'rest';
}

/** Facts the core classifies a principal by; null for a system path. */
export function factsOf(accountability: Accountability | null | undefined): PrincipalFacts | null {
	if (!accountability) return null;

	return {
		user: accountability.user ?? null,
		role: accountability.role ?? null,
		roles: accountability.roles ?? [],
		admin: accountability.admin === true,
		surface: surfaceOf(accountability),
	};
}
