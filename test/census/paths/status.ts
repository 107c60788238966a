import { request } from '../support/told.ts';
import type { CensusPath } from '../support/types.ts';

/** A collection Directus does not show (status inactive, or left out by its environment) keeps its rows, and its guard. */
const path = (
	id: string,
	covers: string,
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `status.${id}`,
	surface: 'status',
	covers: [covers],
	actors: ['system'],
	layer: 'bundle',
	attack,
	...more,
});

/** Both instances are started anew, once, without seeing the table. */
const excluded: Partial<CensusPath> = {
	last: true,
	async arrange(side) {
		if (side.notes.get('excluded')) return;
		await side.instance.restartDirectus({ DB_EXCLUDE_TABLES: 'gov_struct' });
		side.notes.set('excluded', true);
	},
};

const service = (method: string, args: unknown[]) =>
	request('POST', '/hostile/service', { service: 'ItemsService', collection: 'gov_off', method, args });

const x = { title: 'attacked' };

export const STATUS: readonly CensusPath[] = [
	path('inactive-create', 'service ItemsService.createOne', service('createOne', [x]), { layer: 'directus' }),
	path('inactive-update', 'service ItemsService.updateOne', service('updateOne', [1, x]), { layer: 'directus' }),
	path('inactive-delete', 'service ItemsService.deleteOne', service('deleteOne', [1]), { layer: 'directus' }),
	path(
		'inactive-activate',
		'route PATCH /collections/:collection',
		request('PATCH', '/collections/gov_off', { meta: { status: 'active' } }),
		{ actors: ['editor', 'admin', 'agent'] },
	),
	path(
		'inactive-knex',
		'extension knex',
		request('POST', '/hostile/knex', { collection: 'gov_off', knex: 'update', values: x, where: { id: 1 } }),
		{ layer: 'database' },
	),
	path('inactive-drop', 'route DELETE /collections/:collection', request('DELETE', '/collections/gov_off'), {
		actors: ['editor', 'admin', 'agent'],
	}),
	// Directus swallows what becomes of each collection and answers 204.
	path(
		'license-resolve',
		'route POST /license/resolve',
		request('POST', '/license/resolve', { collections: ['gov_struct'] }),
		{ actors: ['editor', 'admin', 'agent'] },
	),
	// Started without seeing the table at all: to the API it is gone, to the database it is not.
	path('excluded-rest', 'route PATCH /items/:collection/:pk', request('PATCH', '/items/gov_struct/1', x), {
		...excluded,
		actors: ['editor', 'admin', 'agent'],
		layer: 'directus',
	}),
	path(
		'excluded-knex',
		'extension knex',
		request('POST', '/hostile/knex', { collection: 'gov_struct', knex: 'update', values: x, where: { id: 1 } }),
		{ ...excluded, layer: 'database' },
	),
	path('excluded-drop', 'route DELETE /collections/:collection', request('DELETE', '/collections/gov_struct'), {
		...excluded,
		actors: ['admin'],
		layer: 'directus',
	}),
];
