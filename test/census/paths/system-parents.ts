import { callTool } from '../../e2e/support/surfaces.ts';
import { FILE } from '../support/fixture.ts';
import { request, told } from '../support/told.ts';
import type { CensusPath } from '../support/types.ts';

/** Rows of Directus's own tables as the open parent: a relation makes every route of users and files a way to nested rows. */
const path = (
	id: string,
	covers: string,
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `nested.${id}`,
	surface: 'nested',
	covers: [covers],
	actors: ['editor', 'admin', 'agent'],
	layer: 'bundle',
	attack,
	...more,
});

const created = { gov_kids: [{ note: 'attacked' }] };
const emptied = { gov_kids: { create: [{ note: 'attacked' }], update: [], delete: [] } };

const graphql =
	(query: string): CensusPath['attack'] =>
	async (side, actor) =>
		told(await side.as(actor, '/graphql/system', { method: 'POST', body: { query: `mutation { ${query} }` } }));

export const SYSTEM_PARENTS: readonly CensusPath[] = [
	path('users-me', 'route PATCH /users/me', request('PATCH', '/users/me', created)),
	path('users-me-detailed', 'route PATCH /users/me', request('PATCH', '/users/me', emptied)),
	path('users-create', 'route POST /users', request('POST', '/users', { first_name: 'New', ...created }), {
		clean: async (side) => void (await side.sql(`delete from public.directus_users where first_name = 'New'`)),
	}),
	path('users-update', 'route PATCH /users', request('PATCH', '/users', { query: { limit: 1 }, data: created })),
	path('files-update', 'route PATCH /files/:pk', request('PATCH', `/files/${FILE}`, created)),
	path('files-batch', 'route PATCH /files', request('PATCH', '/files', { keys: [FILE], data: created })),
	path(
		'files-create',
		'route POST /files',
		request('POST', '/files', { storage: 'local', filename_download: 'new.txt', type: 'text/plain', ...created }),
		{
			clean: async (side) =>
				void (await side.sql(`delete from public.directus_files where filename_download = 'new.txt'`)),
		},
	),
	path(
		'graphql-users-me',
		'system mutation update_users_me',
		graphql('update_users_me(data: { gov_kids: [{ note: "attacked" }] }) { id }'),
	),
	path(
		'graphql-files',
		'system mutation update_files_item',
		graphql(`update_files_item(id: "${FILE}", data: { gov_kids: [{ note: "attacked" }] }) { id }`),
	),
	path(
		'mcp-files',
		'mcp files update',
		async (side, actor) => {
			const input = { action: 'update', keys: [FILE], data: created };
			const answer = await callTool(`${side.instance.url}/mcp`, side.token(actor) ?? '', 'files', input);
			return { status: answer.isError ? 400 : 200, text: answer.text };
			// The tool drops fields it does not know, so a nested row never gets as far as a service.
		},
		{ layer: 'directus' },
	),
];
