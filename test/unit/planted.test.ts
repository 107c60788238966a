import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { IConfiguration } from 'dependency-cruiser';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, plant, readFaults, readManifest, unnamed } from './planted-tree.ts';

const SLOW = 180_000;
const PREFIX = 'check:';

/** The commands as package.json states them: every `check:*` script, and the golden files. */
const { scripts } = readManifest();
const commands = new Map([
	...Object.entries(scripts)
		.filter(([name]) => name.startsWith(PREFIX))
		.map(([name, command]) => [name.slice(PREFIX.length), command] as const),
	['golden', scripts['golden:check'] ?? ''],
]);

const folders: string[] = [];
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The environment of a shell, without what the surrounding test run put there. */
function environment(folder: string): NodeJS.ProcessEnv {
	const kept = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST|NODE_ENV|NODE_OPTIONS|npm_)/.test(name));
	const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH].join(delimiter);
	return { ...Object.fromEntries(kept), PATH: path, NO_COLOR: '1' };
}

async function run(check: string, fault?: Fault): Promise<{ passed: boolean; output: string }> {
	const folder = plant(fault);
	folders.push(folder);
	const command = commands.get(check) ?? '';
	return new Promise((settle) => {
		execFile('sh', ['-c', command], { cwd: folder, env: environment(folder) }, (error, stdout, stderr) => {
			settle({ passed: error === null, output: stdout + stderr });
		});
	});
}

const faults = readFaults();

describe('every check is proved to bite', () => {
	it('has a planted fault for each check, and no fault for a check that is gone', () => {
		expect(new Set(faults.map((fault) => fault.check))).toEqual(new Set(commands.keys()));
	});

	it('has a planted import against each boundary', async () => {
		const file = join(import.meta.dirname, '../../.dependency-cruiser.mjs');
		const { default: boundaries } = (await import(file)) as { default: IConfiguration };
		const rules = (boundaries.forbidden ?? []).map((rule) => `${rule.name}:`);
		expect(rules.length).toBeGreaterThan(0);
		expect(unnamed('boundaries', rules)).toEqual([]);
	});

	it.each([...commands.keys()])('%s passes on the good tree', { timeout: SLOW }, async (check) => {
		const { passed, output } = await run(check);
		expect({ passed, output: passed ? '' : output }).toEqual({ passed: true, output: '' });
	});

	it.each(faults.map((fault) => [fault.check, fault.name, fault] as const))(
		'%s turns red on %s',
		{ timeout: SLOW },
		async (check, _name, fault) => {
			const { passed, output } = await run(check, fault);
			expect(passed).toBe(false);
			// Columns are aligned for people; one space is enough for a comparison.
			const text = output.replaceAll(/[ \t]+/g, ' ');
			const unsaid = fault.reasons.filter((reason) => !text.includes(reason.replaceAll(/[ \t]+/g, ' ')));
			expect({ unsaid, output: unsaid.length === 0 ? '' : output }).toEqual({ unsaid: [], output: '' });
		},
	);
});
