import { type UninstallOutcome, uninstall as uninstallDatabase } from '../../adapters/postgres/registrar/uninstall.ts';
import { operatorUrl } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import type { Output } from '../output.ts';

/** `governed uninstall`: without `--yes` it changes nothing, says what would go and ends with exit code 2. */
export async function uninstall(
	{ config, yes = false }: { config: string; yes?: boolean },
	output: Output,
): Promise<ExitCode> {
	const { directus_role: directusRole } = await loadConfig(config);
	const outcome = await uninstallDatabase(operatorUrl(), directusRole, { commit: yes });
	output.data({ ...outcome, committed: yes && outcome.kind === 'uninstalled' }, () => describe(outcome, yes));
	switch (outcome.kind) {
		case 'refused':
			return EXIT.refused;
		case 'absent':
			return EXIT.done;
		case 'uninstalled':
			return yes ? EXIT.done : EXIT.changes;
		default:
			return outcome satisfies never;
	}
}

function describe(outcome: UninstallOutcome, committed: boolean): string {
	switch (outcome.kind) {
		case 'absent':
			return 'Nothing to uninstall: this database has no schema governance.';
		case 'refused':
			return outcome.faults.map(({ subject, problem, fix }) => `  ${subject}: ${problem}\n    fix: ${fix}`).join('\n');
		case 'uninstalled': {
			const lines = outcome.changes.map(({ subject, detail }) => `  - ${subject}: ${detail}`);
			const kept =
				outcome.keptRoles.length > 0 ? [`Roles kept, another database uses them: ${outcome.keptRoles.join(', ')}`] : [];
			const end = committed
				? 'Uninstalled. Remove the bundle from Directus and restart it.'
				: 'Nothing was changed. To do it, run: governed uninstall --yes';
			return [...lines, ...kept, end].join('\n');
		}
		default:
			return outcome satisfies never;
	}
}
