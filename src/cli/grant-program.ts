import type { Command } from 'commander';
import { list, type MintOptions, mint, revoke, rotateKeys } from './commands/grant.ts';
import type { ExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

interface Common {
	config: string;
	json?: boolean;
}

const outputOf = ({ json }: Common) => createOutput({ json: json === true });

/** Adds `governed grant …`: the only place where authority to run a dry run is made. */
export function addGrantCommands(program: Command, finish: (code: ExitCode) => void): void {
	const grant = program
		.command('grant')
		.description('Mint, revoke and list grants: who may dry-run which tool, until when.');
	const command = (name: string, description: string, examples: string[]): Command =>
		grant
			.command(name)
			.description(description)
			.option('--config <file>', 'the declaration', 'directus.config.ts')
			.option('--json', 'print one JSON document on stdout')
			.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`);

	command('mint', 'Mint a grant for one caller, one tool and a number of uses. It is printed once.', [
		'governed grant mint --tool DOT_C1_VOCAB_BUILD --caller user:<id> --lane C1',
		'governed grant mint --tool DOT_KG_EXPLAIN --caller role:<id> --expires 8h --uses 20 --out grant.jwt',
	])
		.requiredOption('--tool <code>', 'the tool it is for')
		.requiredOption('--caller <caller>', 'user:<id>, role:<id> or flow:<id>')
		.option('--mode <modes...>', 'PLAN_ONLY, DRY_RUN', ['DRY_RUN'])
		.option('--expires <duration>', 'how long it is valid: 30m, 8h, at most 30d', '1h')
		.option('--uses <number>', 'how many dry runs', '1')
		.option('--lane <name>', 'the lane it belongs to')
		.option('--out <file>', 'write it to a new file (mode 0600) instead of stdout')
		.action(async (options: MintOptions & Common) => {
			const { json: _, ...order } = options;
			finish(await mint(order, outputOf(options)));
		});
	command('revoke', 'Take grants back, at once and for good.', ['governed grant revoke <id>'])
		.argument('<ids...>', 'ids as `governed grant list` shows them')
		.action(async (ids: string[], options: Common) => finish(await revoke(ids, options, outputOf(options))));
	command('list', 'Show every grant: valid, revoked, expired or used up.', ['governed grant list --json']).action(
		async (options: Common) => finish(await list(options, outputOf(options))),
	);
	command('rotate-keys', 'Make the next grant key; grants of the older ones go on working.', [
		'governed grant rotate-keys && governed apply',
	]).action(async (options: Common) => finish(await rotateKeys(options, outputOf(options))));
}
