import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBatcher } from '../../src/service/dispatch/batcher.ts';

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

test('items that arrive while a batch is under way leave together in the next', async () => {
	const batches: number[][] = [];
	const submit = createBatcher(
		async (items: number[]) => {
			batches.push(items);
			await pause();
			return items;
		},
		{ maxBatch: 10 },
	);
	const first = submit(0);
	await Promise.resolve();
	const others = Array.from({ length: 14 }, (_, index) => submit(index + 1));
	expect(await Promise.all([first, ...others])).toEqual(Array.from({ length: 15 }, (_, index) => index));
	expect(batches.map(({ length }) => length)).toEqual([1, 10, 4]);
});

test('a failed batch fails its own items only', async () => {
	let fail = true;
	const submit = createBatcher(
		async (items: string[]) => {
			if (fail) throw new Error('lost');
			return items;
		},
		{ maxBatch: 10 },
	);
	await expect(submit('a')).rejects.toThrow('lost');
	fail = false;
	await expect(submit('b')).resolves.toBe('b');
});

test('a batch that is not answered item by item fails', async () => {
	const submit = createBatcher(async () => [], { maxBatch: 10 });
	await expect(submit('a')).rejects.toThrow();
});

test('whoever submits when, everybody gets the result of their own item, once', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.nat(3), { maxLength: 40 }),
			fc.integer({ min: 1, max: 5 }),
			async (delays, maxBatch) => {
				const seen: number[] = [];
				const submit = createBatcher(
					async (items: number[]) => {
						expect(items.length).toBeLessThanOrEqual(maxBatch);
						seen.push(...items);
						await pause();
						return items.map((item) => item * 2);
					},
					{ maxBatch },
				);
				const results = await Promise.all(
					delays.map(async (delay, index) => {
						for (let turn = 0; turn < delay; turn++) await pause();
						return submit(index);
					}),
				);
				expect(results).toEqual(delays.map((_, index) => index * 2));
				expect(seen.toSorted((left, right) => left - right)).toEqual(delays.map((_, index) => index));
			},
		),
	);
});
