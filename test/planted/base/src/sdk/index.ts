export type { Wire } from '../contracts/wire.ts';
