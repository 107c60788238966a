import { rollup } from 'rollup';

export const kept = rollup;
