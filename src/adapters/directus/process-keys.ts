import type { InProcessGuard } from './in-process-guard.ts';
import type { ProcessSlot } from './runtime.ts';

/** Keys of what the slot keeps. Looked up at each use, so that a reloaded module takes over between two calls. */
const GUARD = 'guard';
const APP_IS_UP = 'app-is-up';
const REGISTERED = 'registered';
const DATABASE_LISTENER = 'database-listener';

/** The guard that decides now. There is always one once the methods are wrapped. */
export function currentGuard(slot: ProcessSlot): InProcessGuard | undefined {
	return slot.installed.get(GUARD) as InProcessGuard | undefined;
}

/** Puts `guard` in charge in one step; the one before it decides nothing any more. */
export function takeOver(slot: ProcessSlot, guard: InProcessGuard): void {
	const previous = currentGuard(slot);
	slot.installed.set(GUARD, guard);
	previous?.dispose();
}

/** True the first time only: what follows is installed once per process. */
export function once(slot: ProcessSlot, key: typeof APP_IS_UP | typeof DATABASE_LISTENER | 'methods'): boolean {
	if (slot.installed.has(key)) return false;
	slot.installed.set(key, true);
	return true;
}

/** Says what became of the guard's hook in this load of the extensions; `fault` null: it registered all it has. */
export function noteRegistration(slot: ProcessSlot, fault: string | null): void {
	slot.installed.set(REGISTERED, fault);
	if (fault !== null) slot.runtime.hold('GUARD_NOT_REGISTERED', fault);
}

/**
 * Asked by the entry that Directus registers after the hook: holds when the hook did not register in the same load, because
 * its row is off or it threw. What the process still has of an earlier load would go stale unseen.
 */
export function confirmRegistered(slot: ProcessSlot): void {
	const fault = slot.installed.get(REGISTERED) as string | null | undefined;
	slot.installed.delete(REGISTERED);
	const detail = fault === undefined ? 'Directus loaded this bundle without its hook governed-guard' : fault;
	slot.runtime.hold('GUARD_NOT_REGISTERED', detail);
}

export function appIsUp(slot: ProcessSlot): boolean {
	return slot.installed.has(APP_IS_UP);
}
