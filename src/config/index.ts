import type { GovernanceDeclaration } from './schema.ts';

export type { GovernanceDeclaration } from './schema.ts';

/**
 * Types the declaration in `directus.config.ts`; `governed` validates it and reports every fault at once.
 *
 * @example export default defineGovernance({ environment: 'production', collections: { price_list: {} } });
 */
export function defineGovernance(declaration: GovernanceDeclaration): GovernanceDeclaration {
	return declaration;
}
