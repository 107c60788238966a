import type { Store } from '../../service/decide.ts';
import { MIGRATIONS } from './migrations.generated.ts';

export const store: Store = {
	save: async (digest) => {
		process.stdout.write(`${digest} under migration ${MIGRATIONS.length}\n`);
	},
};
