import { store } from '../adapters/postgres/store.ts';

export const kept = store;
