import type { WritingService } from './directus-types.ts';
import type { InProcessGuard } from './in-process-guard.ts';
import { currentGuard } from './process-keys.ts';
import type { ProcessSlot } from './runtime.ts';
import { type StewardParts, writeAsSteward } from './steward-writes.ts';
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
			if (wait === undefined) return run();
			return wait.then((steward) => {
				if (!steward || className !== 'ItemsService' || method.endsWith('ByQuery')) return run();
				const call = { method, service: this, args, original, ...steward };
				return writeAsSteward(call, stewardParts(slot, guard)).then(undefined, guard.failed);
			});
		} catch (error) {
			return Promise.reject(error);
		}
	};
}

/** What a steward's write needs of this process. */
export function stewardParts(slot: ProcessSlot, { permitFailed }: InProcessGuard): StewardParts {
	const createMany = originalMethod(slot, 'ItemsService', 'createMany');
	if (!createMany) throw new Error('governed-dispatch: this Directus lacks ItemsService.createMany');
	return {
		createMany,
		permitFailed,
		wrapperFailed: (error) =>
			slot.runtime.hold('STEWARD_WRAPPER_BROKEN', `what follows a steward's commit failed: ${messageOf(error)}`),
	};
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error');
