import type { Pool } from 'pg';
import type { Runtime } from '../../service/guard/runtime.ts';

/** The runtime as adapters see it: with the connections of the bundle's own, apart from Directus's pool. */
export interface DirectusRuntime extends Runtime {
	readonly pool: Pool;
	/** Ends timers and connections; nothing is governed in this process by the runtime afterwards, writes are refused. */
	close(): Promise<void>;
}

/** What the process keeps while extensions come and go. `abi` changes when an older module's objects cannot be used. */
export interface ProcessSlot {
	readonly abi: 1;
	runtime: DirectusRuntime;
	/** Bag for the parts that are installed once per process; each key is owned by one file. */
	installed: Map<string, unknown>;
}

const SLOT = Symbol.for('governed-dispatch');
const ABI = 1;

/**
 * The slot of this process, made by `create` the first time. Directus imports the bundle afresh on every reload, so a
 * module variable would start again while wrapped prototypes and open connections stay.
 */
export function processSlot(create: () => DirectusRuntime): ProcessSlot {
	const holder = globalThis as { [SLOT]?: ProcessSlot };
	const existing = holder[SLOT];

	if (existing?.abi === ABI) return existing;
	if (existing) throw new Error('another version of governed-dispatch runs in this process: restart Directus');

	const slot: ProcessSlot = { abi: ABI, runtime: create(), installed: new Map() };
	holder[SLOT] = slot;
	return slot;
}
