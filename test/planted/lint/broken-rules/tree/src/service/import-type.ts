import { Store } from './decide.ts';

export type Kept = Store;
