import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPolicySigner, PRIVATE_KEY_FILE } from '../../adapters/keys/policy-keys.ts';
import { preconditionFaults } from '../../adapters/postgres/registrar/preconditions.ts';
import { remainingSteps } from '../../adapters/postgres/registrar/separate.ts';
import { openOperatorSession } from '../../adapters/postgres/registrar/session.ts';
import { readStrengthFacts } from '../../adapters/postgres/strength-facts.ts';
import { computeStrength } from '../../core/strength.ts';
import { keysFolder, operatorUrl } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import type { Output } from '../output.ts';

interface Finding {
	check: string;
	state: 'ok' | 'warning' | 'fault';
	detail: string;
	fix?: string;
}

/** `governed doctor`: every precondition it knows, each with its fix. Changes nothing. Exit code 4 when one is at fault. */
export async function doctor({ config: path }: { config: string }, output: Output): Promise<ExitCode> {
	const findings: Finding[] = [];
	findings.push(await attempt('declaration', async () => `valid: ${(await loadConfig(path)).tools.length} tools`));
	findings.push(await attempt('keys', keysDetail));
	const directusRole = await loadConfig(path).then(
		({ directus_role }) => directus_role,
		() => 'directus',
	);
	findings.push(await attempt('database', async () => databaseFindings(directusRole, findings)));
	findings.push(await executorFinding());
	const faulty = findings.some(({ state }) => state === 'fault');
	output.data({ ok: !faulty, findings }, () => findings.map((finding) => describe(finding, output)).join('\n'));
	return faulty ? EXIT.hold : EXIT.done;
}

async function attempt(check: string, work: () => Promise<string>): Promise<Finding> {
	try {
		return { check, state: 'ok', detail: await work() };
	} catch (error) {
		const faults = error instanceof Error && 'faults' in error && Array.isArray(error.faults) ? error.faults : [];
		return {
			check,
			state: 'fault',
			detail: [error instanceof Error ? error.message : String(error), ...faults].join('; '),
		};
	}
}

async function keysDetail(): Promise<string> {
	const { keyId } = await loadPolicySigner(keysFolder());
	const { mode } = await stat(join(keysFolder(), PRIVATE_KEY_FILE));
	if ((mode & 0o077) !== 0) throw new Error(`${PRIVATE_KEY_FILE} is readable by others; fix: chmod 600`);
	return `key ${keyId}`;
}

async function databaseFindings(directusRole: string, findings: Finding[]): Promise<string> {
	const client = await openOperatorSession(operatorUrl());
	try {
		for (const { subject, problem, fix } of await preconditionFaults(client, directusRole)) {
			findings.push({ check: subject, state: 'fault', detail: problem, fix });
		}
		const { rows } = await client.query<{ version: string; installed: boolean }>(
			`select current_setting('server_version') as version, to_regclass('governance.governed_collections') is not null as installed`,
		);
		if (rows[0]?.installed) {
			const { level, weaknesses } = computeStrength(await readStrengthFacts(client, directusRole));
			findings.push({
				check: 'strength',
				state: level === 'separated' ? 'ok' : level === 'superuser' ? 'fault' : 'warning',
				detail: [level, ...weaknesses].join('; '),
			});
		}
		for (const { weakness, sql, besides } of await remainingSteps(client, directusRole)) {
			const steps = [...sql.map((statement) => `${statement};`), ...besides.map((line) => `-- ${line}`)];
			findings.push({ check: 'separation', state: 'warning', detail: weakness, fix: steps.join('\n') });
		}
		return `PostgreSQL ${rows[0]?.version}, ${rows[0]?.installed ? 'governed' : 'not governed yet'}`;
	} finally {
		await client.end();
	}
}

async function executorFinding(): Promise<Finding> {
	const url = process.env.GOVERNED_EXECUTOR_URL;
	if (!url)
		return {
			check: 'executor',
			state: 'warning',
			detail: 'GOVERNED_EXECUTOR_URL is not set, so no executor was asked',
		};
	try {
		const response = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(3_000), redirect: 'error' });
		if (response.ok) return { check: 'executor', state: 'ok', detail: `healthy at ${url}` };
		return { check: 'executor', state: 'fault', detail: `answered ${response.status} at ${url}`, fix: 'read its log' };
	} catch {
		return {
			check: 'executor',
			state: 'fault',
			detail: `no answer from ${url}`,
			fix: 'start it with: governed executor',
		};
	}
}

function describe({ check, state, detail, fix }: Finding, output: Output): string {
	const mark = {
		ok: output.paint('green', 'ok     '),
		warning: output.paint('yellow', 'warning'),
		fault: output.paint('red', 'fault  '),
	}[state];
	return `${mark} ${check}: ${detail}${fix ? `\n        fix: ${fix.replaceAll('\n', '\n        ')}` : ''}`;
}
