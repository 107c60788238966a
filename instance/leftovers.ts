import { rm } from 'node:fs/promises';
import { readJson, writePrivateJson } from './private-files.ts';
import { endLeftover } from './processes.ts';

interface Known {
	readonly pid: number;
	/** Texts the command line of that process holds as long as it is ours. */
	readonly marks: readonly string[];
}

function isKnown(value: unknown): value is Known {
	return (
		typeof value === 'object' && value !== null && 'pid' in value && 'marks' in value && Array.isArray(value.marks)
	);
}

/** The children of this run, written down as each starts, so that the next run can end what a kill left behind. */
export class ProcessLedger {
	readonly #file: string;
	readonly #known: Known[] = [];

	constructor(file: string) {
		this.#file = file;
	}

	/** Ends what an earlier run recorded and could not end itself: those exact ids, while they are still ours. */
	async endLeftovers(): Promise<void> {
		const recorded = await readJson(this.#file);
		const known = Array.isArray(recorded) ? recorded.filter(isKnown) : [];
		await Promise.all(known.map(({ pid, marks }) => endLeftover(pid, marks, ['SIGTERM', 'SIGKILL'])));
		await rm(this.#file, { force: true });
	}

	async note(pid: number, marks: readonly string[]): Promise<void> {
		this.#known.push({ pid, marks });
		await writePrivateJson(this.#file, this.#known);
	}

	async forget(): Promise<void> {
		await rm(this.#file, { force: true });
	}
}
