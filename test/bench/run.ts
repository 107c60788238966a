import { parseArgs } from 'node:util';
import { ensureBuilt } from '../../scripts/ensure-built.ts';
import { benchDecision } from './decision.ts';
import { benchDispatch } from './dispatch.ts';
import { benchEmitFilter } from './emit-filter.ts';
import { benchGrowth } from './growth.ts';
import { benchGuard } from './guard.ts';
import { benchGuardedWrites } from './guarded-writes.ts';
import type { PairedResult } from './paired.ts';
import { benchStewards } from './stewards.ts';

const BENCHES: Record<string, (say: (line: string) => void) => Promise<PairedResult[]>> = {
	decision: benchDecision,
	dispatch: benchDispatch,
	'emit-filter': benchEmitFilter,
	growth: benchGrowth,
	guard: benchGuard,
	'guarded-writes': benchGuardedWrites,
	stewards: benchStewards,
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

function describe({ name: what, unit, pairs, ours, yardstick, ratio, spread, better, aim, met }: PairedResult): string {
	const quartiles = spread.map((value) => value.toFixed(3)).join(' to ');
	const aimed = aim === null ? '' : `, aim ${better === 'higher' ? '≥' : '≤'} ${aim}, ${met ? 'met' : 'MISSED'}`;
	return `${what}: ${ratio.toFixed(3)} of the yardstick (quartiles ${quartiles}, ${pairs} pairs${aimed}); ${ours.toPrecision(4)} against ${yardstick.toPrecision(4)} ${unit}`;
}
