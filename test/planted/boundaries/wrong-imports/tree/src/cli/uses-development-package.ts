import { expect } from 'vitest';

export const kept = expect;
