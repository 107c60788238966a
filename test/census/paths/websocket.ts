import { sendMessage } from '../../e2e/support/surfaces.ts';
import { graphqlOverSocket } from '../support/graphql-socket.ts';
import type { CensusPath } from '../support/types.ts';
import { PEOPLE } from './rest.ts';

const path = (id: string, message: Record<string, unknown>, more: Partial<CensusPath> = {}): CensusPath => ({
	id: `websocket.${id}`,
	surface: 'websocket',
	covers: [`websocket items ${message.action}`],
	// Directus closes a socket of somebody who does not sign in; what is left of the public is shown over REST.
	actors: ['editor', 'admin', 'agent'],
	layer: 'bundle',
	attack: async (side, actor) => ({
		status: 200,
		text: JSON.stringify(await sendMessage(side.instance.url, side.token(actor), { type: 'items', ...message })),
	}),
	...more,
});

const items = { collection: 'gov_items' };
const x = { title: 'attacked' };

const overGraphql = (id: string, query: string): CensusPath =>
	path(
		`graphql-${id}`,
		{ action: 'graphql' },
		{
			covers: ['websocket controllers graphql'],
			actors: ['public', ...PEOPLE.filter((actor) => actor !== 'public')],
			attack: (side, actor) => graphqlOverSocket(side.instance.url, side.token(actor), query),
		},
	);

export const WEBSOCKET: readonly CensusPath[] = [
	path('create', { action: 'create', ...items, data: x }),
	path('create-many', { action: 'create', ...items, data: [x, x] }),
	path('update-id', { action: 'update', ...items, id: 1, data: x }),
	path('update-ids', { action: 'update', ...items, ids: [1, 4], data: x }),
	path('update-array', { action: 'update', ...items, data: [{ id: 1, ...x }] }),
	path('update-query', { action: 'update', ...items, query: { filter: { id: { _eq: 1 } } }, data: x }),
	path('update-singleton', { action: 'update', collection: 'gov_single', data: x }),
	path('delete-id', { action: 'delete', ...items, id: 4 }),
	path('delete-ids', { action: 'delete', ...items, ids: [4, 6] }),
	path('delete-query', { action: 'delete', ...items, query: { filter: { id: { _gt: 4 } } } }),
	path('nested', { action: 'update', collection: 'open_parent', id: 1, data: { children: [] } }),
	overGraphql('update', 'mutation { update_gov_items_item(id: 1, data: { title: "attacked" }) { id } }'),
	overGraphql('create', 'mutation { create_gov_items_item(data: { title: "attacked" }) { id } }'),
];
