/** What the graph is built from, column by column as the sources name them. Times are ISO 8601 in UTC. */
export interface SourceRows {
	dot_tools: {
		code: string;
		title: string;
		verb: string;
		object: string;
		version: string;
		path: string;
		channel: string;
		status: string;
		last_executed: string | null;
	};
	dot_agent_api_contract: {
		tool: string;
		version: string;
		executor: string;
		modes: string[];
		side_effects: string;
		callers: '*' | { roles: string[]; users: string[]; surfaces: string[] };
		digest: string;
	};
	governance_gates: {
		id: number;
		dispatch_enabled: boolean;
		dry_run_only: boolean;
		execute_enabled: boolean;
		real_run_enabled: boolean;
	};
	governance_grants: {
		id: string;
		tool: string;
		caller: string;
		modes: string[];
		contract_digest: string;
		lane: string | null;
		expires_at: string;
		max_uses: number;
		revoked_at: string | null;
	};
	table_registry: { table_name: string; class: string; purpose: string };
	governed_collections: { collection: string; class: string };
	directus_collections: { collection: string; hidden: boolean };
	directus_flows: { id: string; name: string; status: string; trigger: string | null };
	directus_operations: { id: string; flow: string; type: string };
}

export type SourceName = keyof SourceRows;

/** Something the answer lacks, and what follows from that. Never left out silently. */
export interface NotReadable {
	table: string;
	columns: string[];
	reason: 'absent' | 'no_privilege' | 'not_a_plain_table' | 'withheld';
	consequence: string;
}

/** The rows of one snapshot. A source that could not be read is `null`, which is not the same as empty. */
export interface GraphSources {
	rows: { [Name in SourceName]: SourceRows[Name][] | null };
	notReadable: NotReadable[];
}
