import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createGrantKey, readGrantKeys } from '../../adapters/keys/grant-keys.ts';
import { createPolicyKeys, loadPolicySigner, PRIVATE_KEY_FILE } from '../../adapters/keys/policy-keys.ts';
import { applyDesiredState } from '../../adapters/postgres/registrar/apply.ts';
import type { ApplyOutcome, Change } from '../../service/ports/registrar.ts';
import { desiredState } from '../../service/register/desired-state.ts';
import { keysFolder, operatorUrl } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import type { Output } from '../output.ts';
import { describeSteps } from '../separation-text.ts';

export interface RegistrarOptions {
	config: string;
	initKeys?: boolean;
	/** Overrides the declared strength, and takes away what else stands against it. */
	strength?: 'separated';
}

/** Runs the registrar; with `commit: false` it only reports what would change. */
export async function runRegistrar(options: RegistrarOptions, output: Output, commit: boolean): Promise<ApplyOutcome> {
	const config = await loadConfig(options.config);
	const { strength = config.strength } = options;
	if (strength !== config.strength)
		output.say(`${options.config} still says strength: '${config.strength}'; change it, or the next apply goes back`);
	const url = operatorUrl();
	const folder = keysFolder();
	if (options.initKeys && !(await exists(join(folder, PRIVATE_KEY_FILE)))) {
		await createPolicyKeys(folder);
		await createGrantKey(folder);
		output.say(`created the operator's keys in ${folder}; keep every *.private.jwk away from Directus`);
	}
	const signer = await loadPolicySigner(folder);
	const desired = desiredState({ ...config, strength }, await readGrantKeys(folder));
	return applyDesiredState(url, desired, signer, {
		commit,
		separate: options.strength === 'separated',
		onProgress: (step) => output.say(`  ${step} …`),
	});
}

const exists = (path: string): Promise<boolean> =>
	access(path).then(
		() => true,
		() => false,
	);

/** `governed apply`. */
export async function apply(options: RegistrarOptions, output: Output): Promise<ExitCode> {
	const outcome = await runRegistrar(options, output, true);
	output.data(outcome, () => [describeOutcome(outcome, output), ...describeSteps(outcome.remaining)].join('\n'));
	return outcome.kind === 'refused' ? EXIT.refused : EXIT.done;
}

/** `governed plan`: exit code 2 when there is something to apply. */
export async function plan(options: RegistrarOptions, output: Output): Promise<ExitCode> {
	const outcome = await runRegistrar(options, output, false);
	output.data(outcome, () => [describeOutcome(outcome, output), ...describeSteps(outcome.remaining)].join('\n'));
	if (outcome.kind === 'refused') return EXIT.refused;
	return outcome.kind === 'unchanged' ? EXIT.done : EXIT.changes;
}

function describeOutcome(outcome: ApplyOutcome, output: Output): string {
	switch (outcome.kind) {
		case 'refused':
			return [
				output.paint('red', 'Refused. Nothing was changed.'),
				...outcome.faults.map(({ subject, problem, fix }) => `  ${subject}: ${problem}\n    fix: ${fix}`),
			].join('\n');
		case 'unchanged':
			return `No changes. Generation ${outcome.generation} is what the declaration says.`;
		case 'planned':
			return [...summarize(outcome.changes), `${outcome.changes.length} change(s) to apply. Run: governed apply`].join(
				'\n',
			);
		case 'applied':
			return [
				...summarize(outcome.changes),
				`Applied generation ${outcome.generation} (apply ${outcome.applyId}).`,
			].join('\n');
		default:
			return outcome satisfies never;
	}
}

/** Registry rows come in hundreds, so they are counted; everything else is listed. */
function summarize(changes: Change[]): string[] {
	const sign = { add: '+', change: '~', remove: '-' } as const;
	const lines = changes
		.filter(({ area }) => area !== 'registry')
		.map(
			({ action, area, subject, detail }) =>
				`  ${sign[action]} ${area.padEnd(10)} ${subject}${detail ? `: ${detail}` : ''}`,
		);
	const counts = new Map<string, number>();
	for (const { action, area, subject } of changes) {
		if (area !== 'registry') continue;
		const line = `  ${sign[action]} registry   ${subject.split(' ')[0]}`;
		counts.set(line, (counts.get(line) ?? 0) + 1);
	}
	return [...lines, ...[...counts].map(([line, count]) => `${line}: ${count} row(s)`)];
}
