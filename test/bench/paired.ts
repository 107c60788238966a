/** One measured side of a comparison, in the unit the benchmark names. */
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
	/** Rates are better higher, times lower: the aim is the least or the most the ratio may be. Absent: only reported. */
	better: 'higher' | 'lower';
	aim: number | null;
	/** Whether the median meets the aim; null where there is none. */
	met: boolean | null;
}

export interface Comparison {
	name: string;
	unit: string;
	better?: 'higher' | 'lower';
	aim: number | null;
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
	const { name, unit, better = 'higher', aim, ours, yardstick } = comparison;
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
	const ratio = quantile(ratios, 0.5);
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
		ratio,
		spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
		better,
		aim,
		met: aim === null ? null : better === 'higher' ? ratio >= aim : ratio <= aim,
	};
}

function quantile(values: number[], q: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const position = (sorted.length - 1) * q;
	const low = sorted[Math.floor(position)] ?? Number.NaN;
	const high = sorted[Math.ceil(position)] ?? Number.NaN;
	return low + (high - low) * (position - Math.floor(position));
}
