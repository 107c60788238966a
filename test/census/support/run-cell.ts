import { WRITE_REASONS, WRITE_REFUSAL_CODES } from '../../../src/core/reasons.ts';
import { differenceOf, type Fingerprint, fingerprintOf, same } from './fingerprint.ts';
import { restoreRows } from './restore.ts';
import type { Actor, Cell, CensusPath, Layer, Side, Told } from './types.ts';
import type { World } from './world.ts';

/** How long an effect that comes after the answer may take. */
const LATE_MS = 4_000;
const OWN_CODES = new RegExp(WRITE_REFUSAL_CODES.join('|'));
const OWN_REASONS = new RegExp(WRITE_REASONS.filter((reason) => reason !== 'REFUSED_BY_DATABASE').join('|'));
/** PostgreSQL's own words and ours, where the answer carries no more than the message of the database. */
const FROM_DATABASE =
	/REFUSED_BY_DATABASE|permission denied for|must be owner of|must have same owner|must be able to SET ROLE|"?code"?:\s*"(42501|GD00\d)"/;

interface Effect {
	told: Told;
	changed: boolean;
	difference: string;
	structural: boolean;
	/** What the evidence log got meanwhile, and what flows noted of their failure, as text; empty without the guard. */
	evidence: string;
}

/** Sends one request to both sides, the unguarded one first, and judges the pair. */
export async function runCell(world: World, path: CensusPath, actor: Actor): Promise<Cell> {
	const cell = { path: path.id, surface: path.surface, actor };
	const baseline = await effectOn(world, world.baseline, path, actor);
	const governed = await effectOn(world, world.governed, path, actor);
	const [layer, code] = layerOf(path, governed);
	const shown = baseline.changed ? 'shown' : 'directus_refuses';
	const outcome = governed.changed ? 'changed' : layer === 'unknown' && baseline.changed ? 'not_refused' : 'refused';
	const said = ({ told }: Effect) => `${told.status} ${told.text.slice(0, 400)}`;
	const fault = (() => {
		if (governed.changed) return `GETS THROUGH:\n${governed.difference}`;
		if (!baseline.changed && path.layer !== 'directus' && !refuses(baseline.told)) {
			return `shows nothing: the unguarded instance is unchanged and answered ${said(baseline)}`;
		}
		if (baseline.changed && layer === 'unknown') return `unchanged, but nobody refused: ${said(governed)}`;
		if (baseline.changed && path.layer !== 'either' && layer !== path.layer) {
			return `refused by the ${layer}, not by the ${path.layer}: ${said(governed)}`;
		}
		if (baseline.changed && path.expects !== undefined && !governed.told.text.includes(path.expects)) {
			return `refused, but not by ${path.expects}: that layer is missing: ${said(governed)}`;
		}
		return '';
	})();
	return {
		...cell,
		baseline: shown,
		governed: outcome,
		layer: baseline.changed ? layer : layer === 'unknown' ? 'directus' : layer,
		code,
		answered: baseline.changed ? '' : said(baseline).slice(0, 200),
		fault,
	};
}

const refuses = ({ status, text }: Told) => status >= 400 || /"?errors?"?\s*:|isError|FORBIDDEN/i.test(text);

function layerOf({ governedAttack }: CensusPath, { told, evidence }: Effect): [Layer | 'unknown', string] {
	const all = `${told.text}\n${evidence}`;
	const code = OWN_CODES.exec(all)?.[0] ?? /GD00\d|42501/.exec(all)?.[0] ?? '';
	if (governedAttack !== undefined && told.status !== 0) return ['registrar', 'apply'];
	if (FROM_DATABASE.test(told.text) || /REFUSED_BY_DATABASE/.test(evidence)) return ['database', code];
	if (OWN_CODES.test(all) || OWN_REASONS.test(all)) return ['bundle', code];
	// The words of a guard in the database, which nobody translated.
	if (all.includes('[DENIED]')) return ['database', code];
	return ['unknown', code];
}

async function effectOn(world: World, side: Side, path: CensusPath, actor: Actor): Promise<Effect> {
	await path.arrange?.(side, actor);
	const versions = path.trace === 'row-version';
	const before = await fingerprintOf(side, { versions });
	const entry = await lastEntry(side);
	const attack = side.name === 'governed' ? (path.governedAttack ?? path.attack) : path.attack;
	const told = await attack.call(path, side, actor).catch((error: unknown): Told => {
		const cause = error instanceof Error && error.cause !== undefined ? ` ${String(error.cause)}` : '';
		return { status: 0, text: `${String(error)}${cause}` };
	});
	const after = await settled(side, before, versions, path.late === true, entry);
	const effect: Effect = {
		told,
		changed: !same(before, after),
		structural: before.structure !== after.structure,
		difference: differenceOf(before, after),
		evidence: await entriesAfter(side, entry),
	};
	await path.clean?.(side, actor);
	if (effect.structural) await world.restoreAll(side);
	else await restoreRows(side);
	if (effect.changed && side.name === 'governed') await world.restoreAll(side);
	return effect;
}

/** The state after the attack; where the effect may be late, after it came or the time is up. */
async function settled(
	side: Side,
	before: Fingerprint,
	versions: boolean,
	late: boolean,
	entry: number,
): Promise<Fingerprint> {
	const end = Date.now() + LATE_MS;
	for (;;) {
		const now = await fingerprintOf(side, { versions });
		if (!late || !same(before, now) || Date.now() > end) return now;
		if ((await entriesAfter(side, entry)) !== '') return fingerprintOf(side, { versions });
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

async function lastEntry(side: Side): Promise<number> {
	if (side.name === 'baseline') return 0;
	const [row] = await side.sql<{ n: string | null }>('select max(entry_index) as n from public.governance_evidence');
	return Number(row?.n ?? -1);
}

async function entriesAfter(side: Side, entry: number): Promise<string> {
	if (side.name === 'baseline') return '';
	const rows = await side.sql<{ body: string }>(
		`(select convert_from(body, 'utf8') as body from public.governance_evidence where entry_index > $1 order by entry_index limit 20)
		union all select job::text from public.open_jobs where name = 'outcome'`,
		[entry],
	);
	return rows.map(({ body }) => body).join('\n');
}
