import { createHash } from 'node:crypto';
import type { Wire } from '../contracts/wire.ts';

export interface Store {
	save(digest: string): Promise<void>;
}

export async function decide(store: Store, wire: Wire): Promise<void> {
	await store.save(createHash('sha256').update(wire.actor).digest('hex'));
}
