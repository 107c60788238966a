import declaration from '../../directus.config.ts';

/** This repository's declaration, without the limit that a benchmark would run into at once. */
export default {
	...declaration,
	contracts: declaration.contracts?.map((contract) => ({ ...contract, rate_per_minute: 100_000_000 })),
};
