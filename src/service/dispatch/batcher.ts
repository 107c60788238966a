/** Sends one item with its batch; settles with the result of that item. */
export type Submit<Item, Result> = (item: Item) => Promise<Result>;

interface Waiting<Item, Result> {
	item: Item;
	resolve(result: Result): void;
	reject(error: unknown): void;
}

/**
 * Group commit: while one batch is under way, further items wait and leave together in the next one. An idle batcher
 * sends at once, so a lone caller waits for nobody.
 *
 * `run` must answer one result per item, in the same order; when it rejects, every item of that batch rejects.
 */
export function createBatcher<Item, Result>(
	run: (items: Item[]) => Promise<readonly Result[]>,
	{ maxBatch }: { maxBatch: number },
): Submit<Item, Result> {
	const waiting: Waiting<Item, Result>[] = [];
	let busy = false;

	async function drain(): Promise<void> {
		busy = true;
		while (waiting.length > 0) await send(waiting.splice(0, maxBatch));
		busy = false;
	}

	async function send(batch: Waiting<Item, Result>[]): Promise<void> {
		try {
			const results = await run(batch.map(({ item }) => item));
			if (results.length !== batch.length) throw new Error('a batch must be answered item by item');
			for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
		} catch (error) {
			for (const { reject } of batch) reject(error);
		}
	}

	return (item) =>
		new Promise<Result>((resolve, reject) => {
			waiting.push({ item, resolve, reject });
			// Started after the current turn, so that requests parsed in the same turn share the first batch.
			if (!busy) {
				busy = true;
				queueMicrotask(() => void drain());
			}
		});
}
