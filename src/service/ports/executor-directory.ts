import type { Capabilities } from '../../contracts/executor.ts';

/** Why an executor gave no usable answer. `detail` is one sentence without anything the executor sent. */
export interface ExecutorSilence {
	kind: 'unreachable' | 'timeout' | 'invalid';
	detail: string;
}

export type ExecutorAnswer = { kind: 'ok'; capabilities: Capabilities } | ExecutorSilence;

/** What executors say they serve. Their word decides nothing but presence; an implementation never throws. */
export interface ExecutorDirectory {
	/** `url` is the executor's base URL as the applied policy names it. */
	capabilities(url: string): Promise<ExecutorAnswer>;
}
