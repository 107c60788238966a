import type { GovernanceConfig } from '../../config/schema.ts';
import type { GrantKey } from '../../contracts/grant.ts';
import { OWN_TABLES } from '../../core/governed-tables.ts';
import { digestOf } from '../canonical.ts';
import type { DesiredState } from '../ports/registrar.ts';

/** What the database should hold for a validated declaration. Pure: the same declaration gives the same state. */
export function desiredState(config: GovernanceConfig, grantKeys: GrantKey[] = []): DesiredState {
	const contracts = config.contracts.map((contract) => ({ ...contract, digest: digestOf(contract) }));
	const collections = Object.keys(config.collections).sort();
	const configDigest = digestOf(config);
	return {
		directusRole: config.directus_role,
		strength: config.strength,
		collections,
		expose: config.expose,
		configDigest,
		registry: {
			dot_tools: config.tools.map((tool) => ({ ...tool })),
			dot_agent_api_contract: contracts,
			table_registry: config.tables.map(({ table, class: tableClass, purpose }) => ({
				table_name: table,
				class: tableClass,
				purpose,
			})),
			governance_gates: [{ id: 1, ...config.gates }],
		},
		policy: {
			v: 1,
			environment: config.environment,
			directus_role: config.directus_role,
			...(config.strength === 'single-role' ? { strength: config.strength } : {}),
			governed: [
				...OWN_TABLES.filter(({ schema }) => schema === 'public').map(({ name, class: guardClass }) => ({
					collection: name,
					class: guardClass === 'ledger' ? ('ledger' as const) : ('registry' as const),
					stewards: [],
				})),
				...collections.map((collection) => ({
					collection,
					class: 'governed' as const,
					stewards: config.collections[collection]?.stewards ?? [],
				})),
			],
			agents: config.agents,
			write_allowlist: config.write_allowlist,
			flows: config.flows,
			gates: config.gates,
			contracts: Object.fromEntries(contracts.map(({ tool, digest }) => [tool, digest])),
			executors: config.executors,
			grant_keys: grantKeys,
			lanes: config.lanes,
			visibility: config.visibility,
			config_digest: configDigest,
		},
	};
}
