import { createHash } from 'node:crypto';
import left from 'left-pad';

export const kept = [createHash, left, import('right-pad')];
