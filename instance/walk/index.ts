import { messageOf } from '../fault.ts';
import { badInput } from './bad-input.ts';
import { databaseGuard } from './database-guard.ts';
import { executor, gates, noContract, planOnly } from './posture.ts';
import type { Row, Snapshot, WalkContext, WalkedRow, WalkReport } from './row.ts';
import { differences, snapshot } from './snapshot.ts';
import { writeRoute } from './write-route.ts';

const ATTEMPTS: readonly Row[] = [gates, planOnly, noContract, badInput, writeRoute, databaseGuard];

async function walkRow(row: Row, context: WalkContext): Promise<WalkedRow> {
	const { id, title, tried, expected } = row;
	const found = await row
		.run(context)
		.catch((error: unknown) => ({ observed: `failed: ${messageOf(error)}`, ok: false }));
	return { id, title, tried, expected, ...found };
}

/** What the demo's own registry holds. Source: issue 2, item 8. */
const EXPECTED_ROWS = {
	'public.dot_tools': 309,
	'public.dot_agent_api_contract': 2,
	'public.table_registry': 21,
	'public.governance_canonical_operation_vocab': 0,
} as const;

function unchanged(before: Snapshot, after: Snapshot): WalkedRow {
	const changed = differences(before, after);
	const counts = Object.entries(EXPECTED_ROWS);
	const wrong = counts.filter(([name, rows]) => after[name]?.rows !== rows);
	const shown = counts.map(([name]) => `${name.slice('public.'.length)} ${after[name]?.rows ?? 'absent'}`).join(', ');
	return {
		id: 'E13',
		title: 'Before equals after',
		tried: 'counts and digests of every governed and registry table, before and after all of this',
		expected: `equal; ${counts.map(([name, rows]) => `${name.slice('public.'.length)} ${rows}`).join(', ')}`,
		observed: `${Object.keys(before).length} tables, ${changed.length === 0 ? 'all equal' : `changed: ${changed.join(', ')}`}; ${shown}`,
		ok: changed.length === 0 && wrong.length === 0 && Object.keys(before).length > 0,
	};
}

/** Walks through E7 to E14 on a running instance. Never throws for what a row finds; `ok` says whether all came out. */
export async function walk(context: WalkContext, onRow: (row: WalkedRow) => void = () => {}): Promise<WalkReport> {
	const rows: WalkedRow[] = [];
	const add = (row: WalkedRow) => {
		rows.push(row);
		onRow(row);
	};
	const before = await snapshot(context.pg_url_operator);
	for (const row of ATTEMPTS) add(await walkRow(row, context));
	const health = await walkRow(executor, context);
	const after = await snapshot(context.pg_url_operator);
	add(unchanged(before, after));
	add(health);
	return { ok: rows.every(({ ok }) => ok), rows, before, after };
}
