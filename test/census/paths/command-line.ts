import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { directusCommand } from '../support/command-line.ts';
import type { CensusPath, Side, Told } from '../support/types.ts';
import { changedSnapshot } from './structure.ts';

const path = (
	id: string,
	command: string,
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `command-line.${id}`,
	surface: 'command-line',
	covers: [`command ${command}`],
	actors: ['system'],
	layer: 'either',
	attack,
	...more,
});

type Change = Parameters<typeof changedSnapshot>[1];

const applied = (id: string, change: Change, extensions: boolean): CensusPath =>
	path(
		`schema-apply-${id}`,
		'apply',
		async (side) => {
			const file = join(side.instance.folder, 'snapshot.json');
			await writeFile(file, JSON.stringify(side.notes.get('snapshot')));
			return directusCommand(side, ['schema', 'apply', '--yes', file], { extensions });
		},
		{
			layer: extensions ? 'bundle' : 'database',
			arrange: async (side) => void side.notes.set('snapshot', await changedSnapshot(side, change)),
		},
	);

/** A migration as anybody with the folder may add one; Directus runs it with its own knex. */
const migrated = (id: string, statement: string, extensions: boolean): CensusPath =>
	path(`migrate-${id}`, 'migrate:latest', (side) => migrate(side, statement, extensions), {
		layer: 'database',
	});

async function migrate(side: Side, statement: string, extensions: boolean): Promise<Told> {
	const folder = join(side.instance.folder, 'migrations');
	await mkdir(folder, { recursive: true });
	const file = join(folder, '20991231A-attack.js');
	await writeFile(
		file,
		`export async function up(knex) { await knex.raw(${JSON.stringify(statement)}); }\nexport async function down() {}\n`,
	);
	try {
		return await directusCommand(side, ['database', 'migrate:latest'], {
			extensions,
			env: { MIGRATIONS_PATH: folder },
		});
	} finally {
		await rm(folder, { recursive: true });
		await side.sql(`delete from public.directus_migrations where version = '20991231A'`);
	}
}

export const COMMAND_LINE: readonly CensusPath[] = [
	applied('drop-loaded', 'without', true),
	applied('drop-alone', 'without', false),
	applied('note-alone', 'note', false),
	migrated('rows', `update gov_items set title = 'attacked' where id = 1`, true),
	{ ...migrated('drop-alone', 'drop table gov_struct', false), needsSeparation: true },
];
