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

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];

const pathOf = (command: Command): string =>
	command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

it('describes every command as the golden file does', async () => {
	const program = createProgram(() => undefined);
	const pages = everyCommand(program).map((command) => `# ${pathOf(command)}\n\n${helpOf(command)}`);
	await expect(pages.join('\n')).toMatchFileSnapshot('../golden/command-help.txt');
});
