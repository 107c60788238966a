import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

const WIDTH = 120;

function helpOf(command: Command): string {
	let text = '';
	command.configureOutput({
		writeOut: (chunk) => {
			text += chunk;
		},
		getOutHelpWidth: () => WIDTH,
		getOutHasColors: () => false,
	});
	command.outputHelp();
	return text;
}

it('describes every command as the golden file does', async () => {
	const program = createProgram(() => undefined);
	const pages = [program, ...program.commands].map((command) => `# ${command.name()}\n\n${helpOf(command)}`);
	await expect(pages.join('\n')).toMatchFileSnapshot('../golden/command-help.txt');
});
