import { parseArgs } from 'node:util';
import { ensureBuilt } from '../../scripts/ensure-built.ts';
import { benchDispatch } from './dispatch.ts';
import { benchGuard } from './guard.ts';
import type { PairedResult } from './paired.ts';

const BENCHES: Record<string, (say: (line: string) => void) => Promise<PairedResult[]>> = {
	dispatch: benchDispatch,
	guard: benchGuard,
};

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: { json: { type: 'boolean', default: false } },
});
const [name = ''] = positionals;
const bench = BENCHES[name];
if (!bench) {
	process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json]\n`);
	process.exitCode = 1;
} else {
	await ensureBuilt();
	const results = await bench((line) => process.stderr.write(`${line}\n`));
	process.stdout.write(
		values.json ? `${JSON.stringify({ bench: name, results }, null, 2)}\n` : `${results.map(describe).join('\n')}\n`,
	);
}

function describe({ name: what, unit, pairs, ours, yardstick, ratio, spread, aim }: PairedResult): string {
	return `${what}: ${ratio.toFixed(3)} of the yardstick (quartiles ${spread.map((value) => value.toFixed(3)).join(' to ')}, ${pairs} pairs, aim ${aim}); ${ours.toFixed(0)} against ${yardstick.toFixed(0)} ${unit}`;
}
