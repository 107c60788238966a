import { styleText } from 'node:util';

type Colour = Parameters<typeof styleText>[0];

/** Data goes to stdout, talk to stderr; with `--json` stdout carries exactly one JSON document. */
export interface Output {
	data(document: unknown, text: () => string): void;
	say(message: string): void;
	paint(colour: Colour, text: string): string;
}

/** Colours only on a terminal, and never when NO_COLOR is set. */
export function createOutput({ json }: { json: boolean }): Output {
	const coloured = process.stderr.isTTY === true && !process.env.NO_COLOR && !json;
	return {
		data: (document, text) => console.log(json ? JSON.stringify(document, null, 2) : text()),
		say: (message) => console.error(message),
		paint: (colour, text) => (coloured ? styleText(colour, text) : text),
	};
}
