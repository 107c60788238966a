import { store } from '../adapters/postgres/store.ts';
import { wireSchema } from '../contracts/wire.ts';
import { serve } from '../executor/server.ts';
import { decide } from '../service/decide.ts';
import { say } from './output.ts';

await decide(store, wireSchema.parse({ actor: 'writer' }));
say(serve());
process.exit(0);
