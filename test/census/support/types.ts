import type { ClusterHandle } from '../../../instance/cluster.ts';
import type { TestInstance } from '../../../instance/harness.ts';
import type { Answer, Call } from '../../../instance/http.ts';
import type { Strength } from './strength.ts';

/** Whose request it is. A flow's mark is the permissions its operation runs with; `system` is a call without accountability. */
export type Actor =
	| 'public'
	| 'editor'
	| 'admin'
	| 'agent'
	| 'flow-full'
	| 'flow-public'
	| 'flow-trigger'
	| 'system'
	| 'operator';

export const SURFACES = [
	'rest',
	'nested',
	'utils',
	'versions',
	'structure',
	'graphql',
	'websocket',
	'mcp',
	'flows',
	'extension',
	'command-line',
	'foreign-keys',
	'status',
	'layers',
] as const;

export type Surface = (typeof SURFACES)[number];

/** Who refused: the bundle in Directus's process, the database, the registrar, or Directus by itself on both sides. */
export type Layer = 'bundle' | 'database' | 'registrar' | 'directus';

/** One of the two instances a request is sent to: with the guard and without, and otherwise the same. */
export interface Side {
	readonly name: 'baseline' | 'governed';
	readonly cluster: ClusterHandle;
	readonly instance: TestInstance;
	readonly extensionsDir: string;
	readonly strength: Strength;
	as(actor: Actor, path: string, options?: Omit<Call, 'token'>): Promise<Answer>;
	/** As admin; throws unless Directus agreed. For what an attack needs beforehand. */
	admin(path: string, options?: Omit<Call, 'token'>): Promise<unknown>;
	token(actor: Actor): string | undefined;
	/** SQL as superuser. */
	sql<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
	/** Facts an `arrange` leaves for its attack. */
	readonly notes: Map<string, unknown>;
}

/** What an attack brought back: enough to tell who refused it. */
export interface Told {
	/** An HTTP status, or 0 where the surface has none. */
	status: number;
	text: string;
}

/** One way into governed data. Everything but `attack` is data. */
export interface CensusPath {
	/** Unique, `surface.what`. */
	readonly id: string;
	readonly surface: Surface;
	/** Names of `known-surfaces.ts` this path goes through. */
	readonly covers: readonly string[];
	readonly actors: readonly Actor[];
	/** Who has to refuse when everything is in place. */
	readonly layer: Layer | 'either';
	/** What exactly the refusal has to say, where one layer is looked at by itself. */
	readonly expects?: string;
	/** The effect may come after the answer: both sides are watched for a while. */
	readonly late?: boolean;
	/** Leaves a trace only in the row version (a write that is rolled back by itself). */
	readonly trace?: 'row-version';
	/** Only refused where Directus's role does not own the table: an owner may always do it. */
	readonly needsSeparation?: true;
	/** Runs after all others: what it does to the process stays until a restart. */
	readonly last?: boolean;
	/** Preparations, lawful on both sides. */
	arrange?(side: Side, actor: Actor): Promise<void>;
	attack(side: Side, actor: Actor): Promise<Told>;
	/** Undoes what `arrange` did, where a restored database does not. */
	clean?(side: Side, actor: Actor): Promise<void>;
	/** On the governed side something else answers: `apply` refuses what makes the path possible. */
	governedAttack?(side: Side, actor: Actor): Promise<Told>;
}

export interface Cell {
	path: string;
	surface: Surface;
	actor: Actor;
	/** `shown`: the same request changed the data without the guard. */
	baseline: 'shown' | 'directus_refuses';
	governed: 'refused' | 'changed' | 'not_refused';
	layer: Layer | 'unknown';
	code: string;
	/** What the unguarded instance answered where nothing changed there. */
	answered: string;
	/** Empty when the cell is as it must be. */
	fault: string;
}
