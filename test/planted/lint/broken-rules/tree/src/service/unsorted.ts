import { decide } from './decide.ts';
import { createHash } from 'node:crypto';

export const used = [decide, createHash];
