/**
 * The parts of Directus this bundle touches, as structure. Directus's own packages are not imported: their types
 * change with each release, and what is used here is what the boot probe checks.
 */

/** Who Directus says is asking; null on system paths. Symbol keys survive the copies Directus makes by spread. */
export interface Accountability {
	user: string | null;
	role: string | null;
	roles?: string[];
	admin?: boolean;
	app?: boolean;
	share?: string;
	ip?: string | null;
	[mark: symbol]: unknown;
}

export interface SchemaOverview {
	collections: Record<
		string,
		{
			primary: string;
			singleton?: boolean;
			sortField?: string | null;
			fields?: Record<string, { alias?: boolean; type?: string; special?: readonly string[] }>;
		}
	>;
}

/** A knex instance or transaction, as far as the bundle calls it. */
export interface Knex {
	client: { config: { client?: unknown; connection?: unknown } };
	isTransaction?: boolean;
	select(...columns: string[]): KnexSelect;
	raw(sql: string, bindings: readonly unknown[]): Promise<{ rows: Array<Record<string, unknown>> }>;
	transaction<T>(work: (trx: Knex) => Promise<T>): Promise<T>;
	/** Of a transaction: the one round it, what resolves when it ends, and its rollback. */
	parentTransaction?: Knex;
	executionPromise?: Promise<unknown>;
	rollback?: (error?: unknown) => unknown;
	on(event: string, listener: (...args: never[]) => void): unknown;
}

export interface KnexSelect {
	from(table: string): { whereIn(column: string, values: readonly unknown[]): Promise<Array<Record<string, unknown>>> };
}

export interface Logger {
	info(message: string): void;
	warn(message: string): void;
	error(message: string): void;
}

/** What Directus hands to hooks and endpoints alike. */
export interface ExtensionContext {
	services: Record<string, unknown>;
	database: Knex;
	env: Record<string, unknown>;
	logger: Logger;
	getSchema(options?: { database?: Knex }): Promise<SchemaOverview>;
}

/** What the wrapped services have in common. */
export interface WritingService {
	collection?: string;
	knex?: Knex;
	schema?: SchemaOverview;
	accountability?: Accountability | null;
	cache?: { clear(): Promise<unknown> } | null;
}

export interface FilterMeta {
	event: string;
	collection?: string;
	keys?: unknown[];
	[key: string]: unknown;
}

export interface EventContext {
	database: Knex;
	schema: SchemaOverview | null;
	accountability: Accountability | null;
}

export interface HookRegister {
	filter(event: string, handler: (payload: unknown, meta: FilterMeta, context: EventContext) => unknown): void;
	action(event: string, handler: (meta: Record<string, unknown>, context: EventContext) => void): void;
	init(event: string, handler: (meta: Record<string, unknown>) => unknown): void;
}
