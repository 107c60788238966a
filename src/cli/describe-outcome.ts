import type { Loosening } from '../core/loosening.ts';
import type { ApplyOutcome, Change } from '../service/ports/registrar.ts';
import type { Output } from './output.ts';

/** How many changed rows of one registry table are listed field by field before the rest is only counted. */
const LISTED_ROWS = 20;

const SIGN = { add: '+', change: '~', remove: '-' } as const;

/** What `plan` and `apply` print for a person. */
export function describeOutcome(outcome: ApplyOutcome, output: Output): string {
	switch (outcome.kind) {
		case 'refused':
			return [
				output.paint('red', 'Refused. Nothing was changed.'),
				...outcome.faults.map(({ subject, problem, fix }) => `  ${subject}: ${problem}\n    fix: ${fix}`),
			].join('\n');
		case 'unchanged':
			return `No changes. Generation ${outcome.generation} is what the declaration says.`;
		case 'planned':
			return [
				...summarize(outcome.changes),
				...describeLoosenings(outcome.loosenings, output),
				`${counted(outcome.changes)}. Run: ${['governed apply', ...allowing(outcome.loosenings)].join(' ')}`,
			].join('\n');
		case 'applied':
			return [
				...summarize(outcome.changes),
				...describeLoosenings(outcome.loosenings, output),
				`${counted(outcome.changes)}. Applied generation ${outcome.generation} (apply ${outcome.applyId}).`,
			].join('\n');
		default:
			return outcome satisfies never;
	}
}

function describeLoosenings(loosenings: readonly Loosening[], output: Output): string[] {
	return loosenings.map(({ name, detail }) => `${output.paint('yellow', '  ! loosening')} ${name}: ${detail}`);
}

const allowing = (loosenings: readonly Loosening[]): string[] =>
	loosenings.length === 0 ? [] : ['--allow-loosening', ...loosenings.map(({ name }) => name)];

function counted(changes: readonly Change[]): string {
	const of = (action: Change['action']) => changes.filter((change) => change.action === action).length;
	return `${of('add')} added, ${of('change')} changed, ${of('remove')} removed`;
}

/** Added and removed registry rows come in hundreds, so they are counted; changed ones are shown field by field. */
function summarize(changes: readonly Change[]): string[] {
	const others = changes.filter(({ area }) => area !== 'registry');
	const rows = changes.filter(({ area }) => area === 'registry');
	const edited = rows.filter(({ action }) => action === 'change');
	const counts = new Map<string, number>();
	for (const { action, subject } of [
		...rows.filter(({ action }) => action !== 'change'),
		...edited.slice(LISTED_ROWS),
	]) {
		const line = `  ${SIGN[action]} registry   ${subject.split(' ')[0]}`;
		counts.set(line, (counts.get(line) ?? 0) + 1);
	}
	return [
		...[...others, ...edited.slice(0, LISTED_ROWS)].map(describeChange),
		...[...counts].map(([line, count]) => `${line}: ${count} row(s)`),
	];
}

function describeChange({ action, area, subject, detail }: Change): string {
	return `  ${SIGN[action]} ${area.padEnd(10)} ${subject}${detail ? `: ${detail}` : ''}`;
}
