import type { Wire } from '../contracts/wire.ts';

export type Kept = Wire;
