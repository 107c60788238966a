import type { WritingService } from './directus-types.ts';
import { currentGuard } from './process-keys.ts';
import type { ProcessSlot } from './runtime.ts';
import { WRITE_ASKS } from './write-asks.ts';

type Method = (this: WritingService, ...args: unknown[]) => Promise<unknown>;
type Prototype = Record<string, Method | undefined>;

const ORIGINALS = 'original-methods';

/** A wrapped method of a service, before it was wrapped; what the boot probe of the hooks calls. */
export function originalMethod(slot: ProcessSlot, className: string, method: string): Method | undefined {
	return (slot.installed.get(ORIGINALS) as Map<string, Method> | undefined)?.get(`${className}.${method}`);
}

/**
 * Puts the current guard before every writing method, once per process. Prototypes are patched because subclasses,
 * forks, nested writes, writes with events off and other extensions all end there, and because the patch stays while
 * Directus unloads and loads hooks. Answers with the methods this Directus does not have; without those of
 * `ItemsService` nothing can be promised.
 */
export function wrapServices(slot: ProcessSlot, services: Record<string, unknown>): string[] {
	const originals = new Map<string, Method>();
	const missing: string[] = [];
	slot.installed.set(ORIGINALS, originals);

	for (const [className, methods] of Object.entries(WRITE_ASKS)) {
		const prototype = (services[className] as { prototype?: Prototype } | undefined)?.prototype;

		for (const method of Object.keys(methods)) {
			const original = prototype?.[method];

			if (!prototype || typeof original !== 'function') {
				missing.push(`${className}.${method}`);
				continue;
			}

			originals.set(`${className}.${method}`, original);
			prototype[method] = guarded(slot, className, method, original);
		}
	}

	return missing;
}

function guarded(slot: ProcessSlot, className: string, method: string, original: Method): Method {
	return function (this: WritingService, ...args) {
		const guard = currentGuard(slot);
		if (!guard) return Promise.reject(new Error('governed-dispatch: no guard decides'));

		const run = () => original.apply(this, args).then(undefined, guard.failed);

		try {
			const wait = guard.before(className, method, this, args);
			return wait === undefined ? run() : wait.then(run);
		} catch (error) {
			return Promise.reject(error);
		}
	};
}
