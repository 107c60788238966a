/** Ways to write that `governed verify --census` knows. Source: WRITE-PATHS, without those that leave something behind. */
export const CENSUS_SURFACES = [
	'database.directus',
	'database.owner',
	'database.logins',
	'database.structure',
	'database.metadata',
	'database.foreign-key',
	'rest',
	'rest.structure',
	'graphql',
	'graphql.system',
	'websocket',
	'mcp',
	'flow',
] as const;

export type CensusSurface = (typeof CENSUS_SURFACES)[number];

/**
 * `not_refused`: the guard let it by; harmless as it was, red as it is. `owner_can`: not tried, because in this strength Directus's role owns the
 * table and could; verify finds it when it does. `not_demonstrated`: not tried, or answered by something else first.
 */
export type CensusState = 'refused' | 'not_refused' | 'owner_can' | 'not_demonstrated';

/** One way to write that was tried, or was to be tried. */
export interface CensusProbe {
	surface: CensusSurface;
	/** The table, collection or role. */
	subject: string;
	/** What was asked: `delete`, `add column`. */
	request: string;
	/** As whom. */
	actor: string;
	state: CensusState;
	/** What came back, in the words of whoever answered. */
	observed: string;
}

export interface CensusCount {
	surface: CensusSurface;
	known: number;
	probed: number;
	refused: number;
	not_refused: number;
	owner_can: number;
	not_demonstrated: number;
}
