import { readJson, writePrivateJson } from './private-files.ts';

/** What a run remembers for the next; each of it can be lost without harm. */
export interface Remembered {
	/** Host of the user's PostgreSQL whose roles we made. */
	readonly server?: string;
	/** Version of Directus that last migrated the database. */
	readonly directus?: string;
	/** Port of the executor, which stands in the contracts. */
	readonly executorPort?: number;
}

export class State {
	readonly #file: string;

	constructor(file: string) {
		this.#file = file;
	}

	async read(): Promise<Remembered> {
		const value = await readJson(this.#file);
		return typeof value === 'object' && value !== null ? value : {};
	}

	async merge(values: Remembered): Promise<void> {
		await writePrivateJson(this.#file, { ...(await this.read()), ...values });
	}
}
