/** Rows that no constraint-respecting PostgreSQL stores, whoever asks, with the constraint that says so. */
export const GATES_AND_MODES: [string, { table: string; constraint: string; store: string }][] = [
	...(['execute_enabled', 'real_run_enabled'] as const).map(
		(gate): [string, { table: string; constraint: string; store: string }] => [
			`an open gate ${gate}`,
			{
				table: 'public.governance_gates',
				constraint: `governance_gates_${gate}_check`,
				store: `update public.governance_gates set ${gate} = true`,
			},
		],
	),
	[
		'dry_run_only switched off',
		{
			table: 'public.governance_gates',
			constraint: 'governance_gates_dry_run_only_check',
			store: 'update public.governance_gates set dry_run_only = false',
		},
	],
	[
		'a second row of gates',
		{
			table: 'public.governance_gates',
			constraint: 'governance_gates_id_check',
			store: 'insert into public.governance_gates select 2, true, true, false, false',
		},
	],
	...[
		'["REAL_RUN"]',
		'["PLAN_ONLY", "REAL_RUN"]',
		'[["REAL_RUN"]]',
		'["real_run"]',
		'"REAL_RUN"',
		'{"REAL_RUN": true}',
		'["ANYTHING"]',
	].flatMap((modes): [string, { table: string; constraint: string; store: string }][] => [
		[
			`a contract with modes ${modes}`,
			{
				table: 'public.dot_agent_api_contract',
				constraint: 'dot_agent_api_contract_modes_check',
				store: `update public.dot_agent_api_contract set modes = '${modes}'`,
			},
		],
		[
			`a grant with modes ${modes}`,
			{
				table: 'public.governance_grants',
				constraint: 'governance_grants_modes_check',
				store: `insert into public.governance_grants (id, token_hash, tool, caller, modes, contract_digest, expires_at, max_uses)
						values (gen_random_uuid(), 'x', 'DOT_KG_EXPLAIN', 'x', '${modes}', 'x', 'infinity', 1)`,
			},
		],
	]),
	[
		'a contract with side effects',
		{
			table: 'public.dot_agent_api_contract',
			constraint: 'dot_agent_api_contract_side_effects_check',
			store: `update public.dot_agent_api_contract set side_effects = 'some'`,
		},
	],
];
