/** A value JSON can hold. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
	[key: string]: Json;
}

/** One read statement inside the computation's snapshot. Names in it are schema-qualified: the search path is pinned. */
export type Read = <Row>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

/** What an executor can compute. A tool reads through `read` and calculates; nothing else is in its reach. */
export interface Tool {
	code: string;
	version: string;
	/** JSON Schema 2020-12 of `input`, the same the contract holds. */
	inputSchema: JsonObject;
	/** JSON Schema 2020-12 of what `compute` answers. */
	resultSchema: JsonObject;
	/** `input` matches `inputSchema`. The same rows and the same input give the same result, to the byte. */
	compute(read: Read, input: JsonObject): Promise<Json>;
}
