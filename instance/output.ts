import { styleText } from 'node:util';

/** Data goes to stdout, talk to stderr. Colours only where a person reads and NO_COLOR is not set. */
export interface Output {
	data(text: string): void;
	say(text: string): void;
	paint(colour: 'red' | 'green' | 'bold' | 'dim', text: string): string;
}

export function createOutput({ json }: { readonly json: boolean }): Output {
	const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR && !json;
	return {
		data: (text) => void process.stdout.write(`${text}\n`),
		say: (text) => void process.stderr.write(`${text}\n`),
		paint: (colour, text) => (coloured ? styleText(colour, text) : text),
	};
}
