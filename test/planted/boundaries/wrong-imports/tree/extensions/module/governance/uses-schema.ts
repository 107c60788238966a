import { wireSchema } from '../../../src/contracts/wire.ts';

export const kept = wireSchema;
