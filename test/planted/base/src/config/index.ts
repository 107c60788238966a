import type { Wire } from '../contracts/wire.ts';

export const declare = (wire: Wire): Wire => wire;
