/** One measured side of a comparison: higher is better, in the unit the benchmark names. */
export type Measure = () => Promise<number>;

export interface PairedResult {
	name: string;
	unit: string;
	pairs: number;
	ours: number;
	yardstick: number;
	/** Median of ours / yardstick over the pairs, and the quartiles round it. */
	ratio: number;
	spread: [number, number];
	aim: number;
}

export interface Comparison {
	name: string;
	unit: string;
	aim: number;
	ours: Measure;
	yardstick: Measure;
}

/**
 * Measures both sides alternately, the order swapped with each pair, after one warm-up of each, so that a machine that
 * slows down during the run slows both.
 */
export async function comparePaired(
	comparison: Comparison,
	pairs: number,
	say: (line: string) => void,
): Promise<PairedResult> {
	const { name, unit, aim, ours, yardstick } = comparison;
	await yardstick();
	await ours();
	const seen: { ours: number; yardstick: number }[] = [];
	for (let pair = 0; pair < pairs; pair += 1) {
		const first = pair % 2 === 0 ? await ours() : await yardstick();
		const second = pair % 2 === 0 ? await yardstick() : await ours();
		const result = pair % 2 === 0 ? { ours: first, yardstick: second } : { ours: second, yardstick: first };
		seen.push(result);
		say(`${name} ${pair + 1}/${pairs}: ${result.ours.toFixed(1)} against ${result.yardstick.toFixed(1)} ${unit}`);
	}
	const ratios = seen.map((result) => result.ours / result.yardstick);
	return {
		name,
		unit,
		pairs,
		ours: quantile(
			seen.map((result) => result.ours),
			0.5,
		),
		yardstick: quantile(
			seen.map((result) => result.yardstick),
			0.5,
		),
		ratio: quantile(ratios, 0.5),
		spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
		aim,
	};
}

function quantile(values: number[], q: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const position = (sorted.length - 1) * q;
	const low = sorted[Math.floor(position)] ?? Number.NaN;
	const high = sorted[Math.ceil(position)] ?? Number.NaN;
	return low + (high - low) * (position - Math.floor(position));
}
