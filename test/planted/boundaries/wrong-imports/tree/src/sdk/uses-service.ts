import { decide } from '../service/decide.ts';

export const kept = decide;
