import type { Store } from '../service/decide.ts';

export type Kept = Store;
