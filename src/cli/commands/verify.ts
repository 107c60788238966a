import { type BundleRows, readBundleRows } from '../../adapters/postgres/bundle-rows.ts';
import { type ProbeResult, probeGuards } from '../../adapters/postgres/probes.ts';
import { openOperatorSession } from '../../adapters/postgres/registrar/session.ts';
import { readStrengthFacts } from '../../adapters/postgres/strength-facts.ts';
import { computeStrength, type Strength } from '../../core/strength.ts';
import type { Change, Fault } from '../../service/ports/registrar.ts';
import { askBundle, type BundleAnswer } from '../ask-bundle.ts';
import { operatorUrl } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import type { Output } from '../output.ts';
import { type RegistrarOptions, runRegistrar } from './apply.ts';
import { type Census, censusExit, describeCensus, takeCensus } from './census.ts';

interface Verification {
	ok: boolean;
	drift: Change[];
	faults: Fault[];
	probes: ProbeResult[];
	strength: Strength | null;
	/** Whether Directus would load the bundle; null where that could not be read safely. */
	bundle: BundleRows | null;
	/** What the bundle says that runs in Directus; null where GOVERNED_DIRECTUS_URL is not set. */
	running: BundleAnswer | null;
	census: Census | null;
}

interface VerifyOptions extends RegistrarOptions {
	census?: boolean;
}

/**
 * `governed verify`: compares the live database with the declaration and really tries negative probes, all rolled back.
 * Exit code 2 on drift or on a guard that did not refuse; with `--census`
 * 4 when nothing was let by but something was not shown.
 */
export async function verify(options: VerifyOptions, output: Output): Promise<ExitCode> {
	const outcome = await runRegistrar(options, output, false);
	const config = await loadConfig(options.config);
	const found: Verification = {
		ok: false,
		drift: [],
		faults: [],
		probes: [],
		strength: null,
		bundle: null,
		running: null,
		census: null,
	};
	if (outcome.kind === 'refused') found.faults = outcome.faults;
	if (outcome.kind === 'planned') found.drift = outcome.changes;

	const client = await openOperatorSession(operatorUrl());
	try {
		const { rowCount } = await client.query(
			`select from pg_class where oid = to_regclass('governance.governed_collections')`,
		);
		if (rowCount) {
			// Where the registrar found a snare, a probe could run it with the operator's rights.
			if (outcome.kind !== 'refused') {
				found.probes = await probeGuards(client, config.directus_role);
				found.bundle = await readBundleRows(client);
			}
			found.strength = computeStrength(await readStrengthFacts(client, config.directus_role));
		}
	} finally {
		await client.end();
	}
	// What is planted would run in the census's session too.
	if (options.census && outcome.kind !== 'refused') found.census = await takeCensus(config, output);
	found.running = await askBundle();
	const inForce =
		found.running?.state !== 'hold' && found.running?.state !== 'absent' && found.bundle?.state !== 'incomplete';
	const refused = found.probes.every((probe) => probe.refused);
	found.ok = outcome.kind === 'unchanged' && found.drift.length === 0 && refused && inForce;
	output.data(found, () => describe(found, output));
	if (outcome.kind === 'refused') return EXIT.refused;
	if (!found.ok) return EXIT.changes;
	return found.census === null ? EXIT.done : censusExit(found.census);
}

function describe(
	{ ok, drift, faults, probes, strength, bundle, running, census }: Verification,
	output: Output,
): string {
	const passed = probes.filter(({ refused }) => refused).length;
	return [
		...faults.map(({ subject, problem, fix }) => `  ! ${subject}: ${problem}\n    fix: ${fix}`),
		...drift.map(({ area, subject, detail }) => `  ~ ${area.padEnd(10)} ${subject}${detail ? `: ${detail}` : ''}`),
		...probes
			.filter(({ refused }) => !refused)
			.map(({ table, action, observed }) => `  ! ${table}.${action} was not refused: ${observed}`),
		`probes: ${passed} of ${probes.length} writes tried as Directus’s role and as the owner were refused`,
		`strength: ${strength?.level ?? 'unknown'}${strength?.weaknesses.map((line) => `\n  - ${line}`).join('') ?? ''}`,
		...describeBundle(bundle),
		...(running ? [`bundle in Directus: ${running.state}${running.detail ? ` (${running.detail})` : ''}`] : []),
		...(census === null ? [] : describeCensus(census, output)),
		ok
			? output.paint('green', 'Verified: the database is what the declaration says.')
			: output.paint('red', 'Drift found. Read it, then run: governed apply'),
	].join('\n');
}

/** Where the bundle is not loaded nobody refuses with a reason; the database refuses all the same. */
function describeBundle(bundle: BundleRows | null): string[] {
	switch (bundle?.state) {
		case 'incomplete':
			return [
				`  ! bundle: ${bundle.wrong.join(', ')}; the database refuses alone\n    fix: put the rows back, restart Directus`,
			];
		case 'absent':
			return ['bundle: Directus has not loaded it yet; the database refuses alone'];
		default:
			return [];
	}
}
