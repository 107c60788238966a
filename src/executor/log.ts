/** Where the executor's messages go; the entry that starts it decides. Facts never hold a grant or a connection string. */
export interface ExecutorLog {
	info(message: string, facts: Record<string, unknown>): void;
	error(message: string, facts: Record<string, unknown>): void;
}
