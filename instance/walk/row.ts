import type { InstanceRecord } from '../record.ts';

/** Where the walk goes: a running instance, as its record tells it. */
export type WalkContext = InstanceRecord;

export interface Observation {
	readonly observed: string;
	readonly ok: boolean;
}

/** One row of the review packet's evidence table, really tried. An attack is ok only when it was refused as stated. */
export interface Row {
	readonly id: string;
	readonly title: string;
	readonly tried: string;
	readonly expected: string;
	run(context: WalkContext): Promise<Observation>;
}

export interface WalkedRow extends Omit<Row, 'run'>, Observation {}

/** Counts and content digest of one table. */
export interface TableState {
	readonly rows: number;
	readonly digest: string;
}

export type Snapshot = Record<string, TableState>;

export interface WalkReport {
	readonly ok: boolean;
	readonly rows: readonly WalkedRow[];
	readonly before: Snapshot;
	readonly after: Snapshot;
}

/** Joins the outcomes of several attempts: ok only when all are, the odd ones named first. */
export function combine(parts: readonly (Observation & { readonly name: string })[]): Observation {
	const odd = parts.filter(({ ok }) => !ok);
	const shown = (odd.length > 0 ? odd : parts).map(({ name, observed }) => `${name}: ${observed}`);
	return { ok: odd.length === 0 && parts.length > 0, observed: shown.join('; ') };
}
