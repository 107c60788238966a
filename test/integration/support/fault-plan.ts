/** What goes wrong, one after the other, while applies, ledgers and hostile writers are at work. */
export const FAULTS = [
	'cut connections',
	'exhaust the pool',
	'time statements out',
	'hold the head of the log',
	'set the clock back',
	'kill a backend',
	'restart the server',
	'kill the server',
] as const;

export type Fault = (typeof FAULTS)[number];

export interface PlannedFault {
	fault: Fault;
	/** Between the fault before and this one, in milliseconds. */
	after: number;
	/** What the fault picks by: which connections, how long. Between 0 and 1. */
	chance: number;
}

/** Numbers between 0 and 1 that a seed repeats (mulberry32). */
function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** Each fault once, in the seed's order, then further ones at random: the same seed gives the same plan. */
export function faultPlan(seed: number, length: number): PlannedFault[] {
	const random = seeded(seed);
	const once = FAULTS.map((fault) => ({ fault, order: random() })).sort((left, right) => left.order - right.order);
	return Array.from({ length }, (_value, index) => ({
		fault: once[index]?.fault ?? (FAULTS[Math.floor(random() * FAULTS.length)] as Fault),
		after: 100 + Math.floor(random() * 400),
		chance: random(),
	}));
}
