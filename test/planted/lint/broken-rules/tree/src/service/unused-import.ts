import { allows } from '../core/rule.ts';

export const unused = 1;
