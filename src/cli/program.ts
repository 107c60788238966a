import { createRequire } from 'node:module';
import { Command, Option } from 'commander';
import { apply, plan } from './commands/apply.ts';
import { doctor } from './commands/doctor.ts';
import { executor } from './commands/executor.ts';
import { uninstall } from './commands/uninstall.ts';
import { verify } from './commands/verify.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addGrantCommands } from './grant-program.ts';
import { createOutput, type Output } from './output.ts';

interface CommonOptions {
	config: string;
	json?: boolean;
	initKeys?: boolean;
	yes?: boolean;
	strength?: 'separated';
	census?: boolean;
	host: string;
	port: string;
	tools: string[];
}

/** The command line of `governed`. `finish` receives the exit code; nothing here ends the process. */
export function createProgram(finish: (code: ExitCode) => void): Command {
	const program = new Command('governed')
		.description(
			"The operator's command line of Governed Dispatch for Directus: declares, registers and verifies what is governed.",
		)
		.version(packageVersion(), '--version', 'print the version of this package')
		.showHelpAfterError('(run with --help for usage and examples)')
		.exitOverride()
		.addHelpText(
			'after',
			`
Environment:
  GOVERNED_OPERATOR_URL   PostgreSQL URL of the operator's own login
  GOVERNED_KEYS_DIR       folder with the operator's keys (default: governed-keys)
  GOVERNED_EXECUTOR_URL   where the executor answers
  GOVERNED_DIRECTUS_URL   where Directus answers, for verify --census
  GOVERNED_DIRECTUS_TOKEN token of a Directus admin, for verify --census

Exit codes: 0 done · 1 error · 2 changes or drift · 3 refused · 4 hold · 5 evidence or packet invalid`,
		);

	const command = (
		name: string,
		description: string,
		examples: string[],
		run: (options: CommonOptions, output: Output, argument?: string) => Promise<ExitCode>,
	): Command =>
		program
			.command(name)
			.description(description)
			.option('--config <file>', 'the declaration', 'directus.config.ts')
			.option('--json', 'print one JSON document on stdout')
			.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`)
			.action(async (...passed: unknown[]) => {
				// The arguments of the command, if it has any, then its options, then the command itself.
				const options = passed.at(-2) as CommonOptions;
				const argument = passed.length > 2 ? (passed[0] as string | undefined) : undefined;
				finish(await run(options, createOutput({ json: options.json === true }), argument));
			});

	const strength = () =>
		new Option(
			'--strength <strength>',
			"also take away whatever lets Directus's role reach governed tables, and say what is left",
		).choices(['separated']);
	const initKeys = () => new Option('--init-keys', "create the operator's key pair if there is none");
	command(
		'plan',
		'Show what apply would change. Nothing is changed. Exit code 2 when there are changes.',
		[
			'governed plan',
			'governed plan --json',
			'governed plan --out deploy.plan   # read it, then: governed apply deploy.plan',
		],
		plan,
	)
		.addOption(initKeys())
		.addOption(strength())
		.option('--out <file>', 'save the plan, signed: apply <file> applies exactly this or nothing');
	command(
		'apply',
		'Make the database what directus.config.ts says, in one transaction, and sign the policy.',
		[
			'governed apply --init-keys',
			'governed apply deploy.plan',
			'governed apply --allow-loosening governed:price_list write_allowlist:agent_notes',
			'governed apply --strength separated',
		],
		apply,
	)
		.argument('[plan]', 'a file of governed plan --out: refused when anything it is bound to moved')
		.option('--allow-loosening <names...>', 'what may get looser, by the names that plan shows')
		.addOption(initKeys())
		.addOption(strength());
	command(
		'verify',
		'Compare the live database with the declaration and try every guard. Exit code 2 on drift.',
		[
			'governed verify',
			'governed verify --json | jq .drift',
			'GOVERNED_DIRECTUS_URL=https://cms.example GOVERNED_DIRECTUS_TOKEN=… governed verify --census',
		],
		verify,
	).option('--census', 'also try every known way to write, harmlessly; exit code 4 when one could not be tried');
	command(
		'doctor',
		'Check every precondition and say how to mend what is missing. Exit code 4 when one is at fault.',
		['governed doctor'],
		doctor,
	);
	command(
		'uninstall',
		'Give every table back to Directus and drop the registry. Without --yes it only says what would go.',
		['governed uninstall', 'governed uninstall --yes'],
		uninstall,
	).option('--yes', 'really do it: the registry and its evidence log are dropped');
	command(
		'executor',
		'Run the executor that computes dry runs, connected as governance_reader (GOVERNED_READER_URL).',
		[
			'GOVERNED_READER_URL=postgresql://governance_reader:…@db/directus governed executor',
			'governed executor --port 8090 --tools DOT_KG_EXPLAIN',
		],
		executor,
	)
		.option('--host <address>', 'address to listen on', '127.0.0.1')
		.option('--port <number>', 'port to listen on; 0 takes a free one', '8090')
		.option('--tools <codes...>', 'the tools to serve', ['DOT_KG_EXPLAIN']);
	addGrantCommands(program, finish);
	return program;
}

export const FAILED: ExitCode = EXIT.error;

/** From the manifest itself, found by the package's own name: the same from `src` and from the build. */
function packageVersion(): string {
	const manifest = createRequire(import.meta.url)('directus-extension-governed-dispatch/package.json') as {
		version: string;
	};
	return manifest.version;
}
