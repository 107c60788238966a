import { decide, type Store } from './decide.ts';

export function forget(store: Store): void {
	decide(store, { actor: 'writer' });
}
