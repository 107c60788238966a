import { COMMAND_LINE } from './paths/command-line.ts';
import { EXTENSION } from './paths/extension.ts';
import { FLOW_PATHS } from './paths/flows.ts';
import { FOREIGN_KEYS } from './paths/foreign-keys.ts';
import { GRAPHQL } from './paths/graphql.ts';
import { layerPaths } from './paths/layers.ts';
import { MCP } from './paths/mcp.ts';
import { NESTED } from './paths/nested.ts';
import { REST } from './paths/rest.ts';
import { STATUS } from './paths/status.ts';
import { STRUCTURE_PATHS } from './paths/structure.ts';
import { SYSTEM_PARENTS } from './paths/system-parents.ts';
import { UTILS } from './paths/utils.ts';
import { VERSIONS } from './paths/versions.ts';
import { WEBSOCKET } from './paths/websocket.ts';
import type { Strength } from './support/strength.ts';
import type { CensusPath } from './support/types.ts';

/** Every way into governed data that is tried. What refuses in the database depends on who owns the tables. */
export const pathsFor = (strength: Strength): readonly CensusPath[] =>
	everyPath(strength).filter(({ needsSeparation }) => strength === 'separated' || !needsSeparation);

const everyPath = (strength: Strength): readonly CensusPath[] => [
	...REST,
	...NESTED,
	...SYSTEM_PARENTS,
	...UTILS,
	...VERSIONS,
	...GRAPHQL,
	...WEBSOCKET,
	...MCP,
	...FLOW_PATHS,
	...EXTENSION,
	...STATUS,
	...STRUCTURE_PATHS,
	...FOREIGN_KEYS,
	...COMMAND_LINE,
	...layerPaths(strength),
];
