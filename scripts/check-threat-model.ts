/**
 * Checks that docs/threat-model.md cites what exists: each `path › name` has to be a file that holds that name as a text of its own
 * (the title of a test, the id of a census entry), and each row of a table with a column "Shown by" cites at least one, or says
 * why it cannot. A document about safety that outlives its tests would be a claim nobody shows.
 */
import { existsSync, readFileSync } from 'node:fs';

const DOCUMENT = 'docs/threat-model.md';
const CITATION = /`([^`\s]+\.(?:ts|sql)) › ([^`]+)`/g;
const EXCUSE = /not shown: [^\s|]/;
const QUOTES = ["'", '"', '`'];

interface Line {
	readonly number: number;
	readonly text: string;
}

function citationsOf(text: string): { file: string; name: string }[] {
	return [...text.matchAll(CITATION)].map(([, file = '', name = '']) => ({ file, name }));
}

/** A name counts where it opens a quoted text and ends it, or goes on with a value put in when the tests run. */
function holds(file: string, name: string): boolean {
	const text = readFileSync(file, 'utf8');
	return QUOTES.some(
		(quote) => text.includes(`${quote}${name}${quote}`) || (quote === '`' && text.includes(`\`${name}\${`)),
	);
}

function faultsOf({ number, text }: Line): string[] {
	return citationsOf(text).flatMap(({ file, name }) => {
		if (!existsSync(file)) return [`${DOCUMENT}:${number} cites ${file}, which does not exist`];
		return holds(file, name) ? [] : [`${DOCUMENT}:${number} cites "${name}", which ${file} does not hold`];
	});
}

/** Rows of tables whose last column promises a proof. */
function unproved(lines: readonly Line[]): string[] {
	let promised = false;
	return lines.flatMap(({ number, text }) => {
		const isRow = text.startsWith('|');
		if (!isRow || /\|\s*Shown by\s*\|$/.test(text)) {
			promised = isRow;
			return [];
		}
		const isRule = /^[|\s:-]+$/.test(text);
		if (!promised || isRule || citationsOf(text).length > 0 || EXCUSE.test(text)) return [];
		return [`${DOCUMENT}:${number} shows nothing: cite a test, or say "not shown: why"`];
	});
}

const lines = existsSync(DOCUMENT)
	? readFileSync(DOCUMENT, 'utf8')
			.split('\n')
			.map((text, index) => ({ number: index + 1, text }))
	: [];
const cited = lines.flatMap(({ text }) => citationsOf(text)).length;
const faults = [...lines.flatMap(faultsOf), ...unproved(lines), ...(cited === 0 ? [`${DOCUMENT} cites nothing`] : [])];
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`threat model: ${cited} citations\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
