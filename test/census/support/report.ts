import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '../../../instance/bundle.ts';
import type { Classified } from './classify.ts';
import type { Strength } from './strength.ts';
import { type Cell, type CensusPath, SURFACES } from './types.ts';

export interface Run {
	directus: string;
	postgres: string;
	strength: Strength;
	actors: 'all' | 'strongest';
	seconds: number;
	paths: readonly CensusPath[];
	cells: readonly Cell[];
	faults: readonly string[];
	/** Absent where a run did not ask Directus for its surfaces. */
	surfaces?: Classified;
}

const count = (cells: readonly Cell[], test: (cell: Cell) => boolean): number => cells.filter(test).length;

const totals = (paths: readonly CensusPath[], cells: readonly Cell[]) => ({
	paths: paths.length,
	cells: cells.length,
	refused: count(cells, ({ governed }) => governed === 'refused'),
	baseline_shown: count(cells, ({ baseline }) => baseline === 'shown'),
	directus_refuses: count(cells, ({ baseline }) => baseline === 'directus_refuses'),
	refused_by_bundle: count(cells, ({ layer }) => layer === 'bundle'),
	refused_by_database: count(cells, ({ layer }) => layer === 'database'),
});

/** Writes `coverage/census-<directus>-pg<major>-<strength>.json` and returns its path. Fields: docs/census.md. */
export async function writeCoverage(run: Run): Promise<string> {
	const { directus, postgres, strength, actors, seconds, paths, cells, faults, surfaces } = run;
	const folder = join(REPOSITORY, 'coverage');
	await mkdir(folder, { recursive: true });
	const file = join(folder, `census-${directus}-pg${postgres}-${strength}.json`);
	const document = {
		v: 1,
		directus,
		postgres,
		strength,
		actors,
		seconds,
		surfaces: surfaces && {
			known: surfaces.known,
			probed: surfaces.probed.length,
			cannot_reach: surfaces.excused.length,
			unclassified: surfaces.unclassified,
			stale: surfaces.stale,
		},
		totals: totals(paths, cells),
		by_surface: Object.fromEntries(
			SURFACES.map((surface) => [
				surface,
				totals(
					paths.filter((path) => path.surface === surface),
					cells.filter((cell) => cell.surface === surface),
				),
			]),
		),
		faults,
		sql: await sqlRows(folder, postgres, strength),
		cells: cells.map(({ fault: _fault, ...cell }) => cell),
	};
	await writeFile(file, `${JSON.stringify(document, null, '\t')}\n`);
	return file;
}

/** What the census of SQL found, which runs among the integration tests; null where it did not run before. */
async function sqlRows(folder: string, postgres: string, strength: Strength): Promise<unknown> {
	const file = join(folder, `sql-census-pg${postgres}-${strength}.json`);
	const text = await readFile(file, 'utf8').catch(() => undefined);
	return text === undefined ? null : JSON.parse(text);
}

/** The same, as a table for whoever watches the run. */
export function tableOf({ directus, postgres, strength, actors, seconds, paths, cells, surfaces }: Run): string {
	const row = (cellsOfRow: (string | number)[]) =>
		cellsOfRow.map((value, n) => (n === 0 ? String(value).padEnd(14) : String(value).padStart(9))).join('');
	const line = (
		name: string,
		{
			paths: p,
			cells: c,
			baseline_shown: s,
			refused: r,
			refused_by_bundle: b,
			refused_by_database: d,
		}: ReturnType<typeof totals>,
	) => row([name, p, c, s, r, b, d]);
	const lines = SURFACES.map((surface) => {
		const [own, tried] = [
			paths.filter((path) => path.surface === surface),
			cells.filter((cell) => cell.surface === surface),
		];
		return line(surface, totals(own, tried));
	});
	const known = surfaces
		? `${surfaces.known} known surfaces: ${surfaces.probed.length} probed, ${surfaces.excused.length} that cannot reach governed data, ${surfaces.unclassified.length} unclassified\n`
		: '';
	return [
		`\nCensus: Directus ${directus}, PostgreSQL ${postgres}, ${strength}, ${actors === 'all' ? 'every actor' : 'the strongest actor of each path'}, ${seconds} s`,
		row(['surface', 'paths', 'cells', 'shown', 'refused', 'bundle', 'database']),
		...lines,
		line('all', totals(paths, cells)),
		known,
	].join('\n');
}
