import { EDITOR } from '../../instance/principals.ts';
import config from './bench.config.ts';

/** One collection whose creates are a steward's. */
export default {
	...config,
	collections: {
		bench_stewarded: {
			stewards: [{ name: 'makers', roles: [EDITOR.role], actions: ['create' as const], fields: ['title', 'price'] }],
		},
	},
};
