import guard from '../hooks/guard/index.ts';

export const kept = guard;
