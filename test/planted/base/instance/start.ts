import { store } from '../src/adapters/postgres/store.ts';

await store.save('');
