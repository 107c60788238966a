import type { Output } from '../output.ts';
import type { WalkedRow } from './row.ts';

/** Breaks text at blanks so that no line is longer than `width`; a longer word stays whole. */
function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		if (line !== '' && line.length + word.length + 1 > width) {
			lines.push(line);
			line = word;
		} else line = line === '' ? word : `${line} ${word}`;
	}
	return [...lines, line];
}

/** One row of the walk as a person reads it: what was tried, expected and observed, one below the other. */
export function describeRow(row: WalkedRow, { paint }: Output, columns = process.stdout.columns ?? 110): string {
	const width = Math.max(40, Math.min(columns, 140) - 16);
	const mark = row.ok ? paint('green', 'ok  ') : paint('red', 'FAIL');
	const field = (name: string, text: string) =>
		wrap(text, width).map((line, index) => `      ${paint('dim', (index === 0 ? name : '').padEnd(9))} ${line}`);
	return [
		`${mark}  ${paint('bold', row.id.padEnd(4))} ${row.title}`,
		...field('tried', row.tried),
		...field('expected', row.expected),
		...field('observed', row.observed),
	].join('\n');
}
