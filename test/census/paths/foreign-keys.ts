import { refusedApply } from '../support/refused-apply.ts';
import { request } from '../support/told.ts';
import type { CensusPath, Side } from '../support/types.ts';

/** Deleting or re-keying what a table's own key points to. Where it is to be governed, `apply` refuses such a table. */
const path = (
	id: string,
	covers: string,
	made: (side: Side) => Promise<string>,
	column: string,
	attack: CensusPath['attack'],
): CensusPath => ({
	id: `foreign-keys.${id}`,
	surface: 'foreign-keys',
	covers: [covers],
	actors: ['admin'],
	layer: 'registrar',
	async arrange(side) {
		if (side.name === 'governed') return;
		const key = await made(side);
		side.notes.set('key', key);
		await side.admin('/items/gov_keys', { method: 'POST', body: { [column]: key } });
	},
	attack,
	governedAttack: refusedApply,
});

const create = (where: string, body: unknown) => async (side: Side) =>
	((await side.admin(where, { method: 'POST', body })) as { id: string }).id;

const remove = (where: string) => request('DELETE', (side) => `${where}/${side.notes.get('key')}`);
const language = async () => 'fr';

export const FOREIGN_KEYS: readonly CensusPath[] = [
	path('user', 'route DELETE /users/:pk', create('/users', { first_name: 'Leaving' }), 'user', remove('/users')),
	path(
		'file',
		'route DELETE /files/:pk',
		create('/files', { storage: 'local', filename_download: 'none.txt', type: 'text/plain' }),
		'file',
		remove('/files'),
	),
	path('folder', 'route DELETE /folders/:pk', create('/folders', { name: 'Leaving' }), 'folder', remove('/folders')),
	path('role', 'route DELETE /roles/:pk', create('/roles', { name: 'Leaving' }), 'role', remove('/roles')),
	path('content-delete', 'route DELETE /items/:collection/:pk', language, 'language', remove('/items/open_languages')),
	path(
		'content-rekey',
		'extension knex',
		language,
		'language',
		request('POST', '/hostile/knex', {
			collection: 'open_languages',
			knex: 'update',
			values: { code: 'xx' },
			where: { code: 'fr' },
		}),
	),
	path(
		'content-drop',
		'extension knex',
		language,
		'language',
		request('POST', '/hostile/knex', { sql: 'drop table open_languages cascade' }),
	),
];
