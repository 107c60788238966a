import { surfaceCensus } from '../../adapters/directus-http/surface-census.ts';
import { databaseCensus } from '../../adapters/postgres/census/database-census.ts';
import { recordCensus } from '../../adapters/postgres/census/record-census.ts';
import type { GovernanceConfig } from '../../config/schema.ts';
import type { CensusCount, CensusProbe } from '../../contracts/census.ts';
import { countCensus } from '../../service/census/count-census.ts';
import { operatorUrl } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';

export interface Census {
	surfaces: CensusCount[];
	probes: CensusProbe[];
}

/**
 * Tries every known way to write and records the counts. Everything in the database is rolled back; no request to Directus could
 * change anything. Without GOVERNED_DIRECTUS_URL and GOVERNED_DIRECTUS_TOKEN the surfaces stay `not_demonstrated`.
 */
export async function takeCensus(config: GovernanceConfig, output: Output): Promise<Census> {
	output.say('  census: database …');
	const probes = await databaseCensus(operatorUrl(), config.directus_role);
	const [url, token] = [process.env.GOVERNED_DIRECTUS_URL, process.env.GOVERNED_DIRECTUS_TOKEN];
	if (url && token) {
		output.say('  census: surfaces of Directus …');
		// Content first; the registry's own tables where an instance shows them and governs nothing else.
		const governed = [...Object.keys(config.collections), ...config.expose];
		const surfaces = await surfaceCensus({ url, token }, governed).catch((error: unknown) => {
			output.say(`  Directus could not be asked: ${error instanceof Error ? error.message : 'unknown error'}`);
			return [];
		});
		probes.push(...surfaces);
	} else output.say('  GOVERNED_DIRECTUS_URL and GOVERNED_DIRECTUS_TOKEN are not both set: its surfaces are not tried');
	const surfaces = countCensus(probes);
	await recordCensus(operatorUrl(), surfaces);
	return { surfaces, probes };
}

/** A way that was not refused is drift; one nobody has shown is a gap. */
export function censusExit({ surfaces }: Census): ExitCode {
	if (surfaces.some(({ not_refused }) => not_refused > 0)) return EXIT.changes;
	return surfaces.some(({ not_demonstrated }) => not_demonstrated > 0) ? EXIT.hold : EXIT.done;
}

export function describeCensus({ surfaces, probes }: Census, output: Output): string[] {
	const columns = ['known', 'probed', 'refused', 'not_refused', 'owner_can', 'not_demonstrated'] as const;
	const row = (name: string, cells: readonly (string | number)[]): string =>
		`  ${name.padEnd(22)}${cells.map((cell, index) => String(cell).padStart((columns[index]?.length ?? 0) + 2)).join('')}`;
	const shown = (state: CensusProbe['state'], mark: string): string[] =>
		probes
			.filter((probe) => probe.state === state)
			.map(
				({ surface, subject, request, actor, observed }) =>
					`  ${mark} ${surface}: ${request} of ${subject} as ${actor}: ${observed}`,
			);
	return [
		row('surface', columns),
		...surfaces.map((count) =>
			row(
				count.surface,
				columns.map((column) => count[column]),
			),
		),
		...shown('not_refused', output.paint('red', '!')),
		...shown('not_demonstrated', output.paint('yellow', '?')),
		...surfaces
			.filter(
				({ surface, probed, not_demonstrated }) =>
					probed === 0 && not_demonstrated > 0 && !probes.some((probe) => probe.surface === surface),
			)
			.map(({ surface }) => `  ${output.paint('yellow', '?')} ${surface}: nobody tried it here`),
	];
}
