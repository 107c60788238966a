import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createGrantKey, readGrantKeys } from '../../adapters/keys/grant-keys.ts';
import { createPolicyKeys, loadPolicySigner, PRIVATE_KEY_FILE } from '../../adapters/keys/policy-keys.ts';
import { applyDesiredState } from '../../adapters/postgres/registrar/apply.ts';
import type { ApplyOutcome } from '../../service/ports/registrar.ts';
import { desiredState } from '../../service/register/desired-state.ts';
import { describeOutcome } from '../describe-outcome.ts';
import { keysFolder, operatorUrl } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import type { Output } from '../output.ts';
import { readPlan, savePlan } from '../plan-files.ts';
import { describeSteps } from '../separation-text.ts';

export interface RegistrarOptions {
	config: string;
	initKeys?: boolean;
	/** Overrides the declared strength, and takes away what else stands against it. */
	strength?: 'separated';
	allowLoosening?: string[];
	out?: string;
}

/** Runs the registrar; with `commit: false` it only reports what would change. */
export async function runRegistrar(
	options: RegistrarOptions,
	output: Output,
	commit: boolean,
	file?: string,
): Promise<ApplyOutcome> {
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
	const saved = file === undefined ? undefined : await readPlan(file, signer);
	const outcome = await applyDesiredState(url, desired, signer, {
		commit,
		separate: options.strength === 'separated',
		allowLoosening: options.allowLoosening ?? [],
		...(saved && { saved }),
		onProgress: (step) => output.say(`  ${step} …`),
	});
	if (outcome.kind === 'planned' && options.out !== undefined) {
		await savePlan(options.out, outcome, signer);
		output.say(`saved the plan in ${options.out}; to apply exactly this: governed apply ${options.out}`);
	}
	return outcome;
}

const exists = (path: string): Promise<boolean> =>
	access(path).then(
		() => true,
		() => false,
	);

/** `governed apply`, or `governed apply FILE` for a saved plan. */
export async function apply(options: RegistrarOptions, output: Output, file?: string): Promise<ExitCode> {
	const outcome = await runRegistrar(options, output, true, file);
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
