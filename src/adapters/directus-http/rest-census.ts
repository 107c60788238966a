import type { CensusProbe } from '../../contracts/census.ts';
import { type CensusCollection, IMPOSSIBLE } from './impossible.ts';
import { judge, unreachable } from './judge.ts';
import { ask, type DirectusAccess } from './request.ts';

interface Request {
	surface: 'rest' | 'rest.structure' | 'graphql' | 'graphql.system' | 'flow';
	request: string;
	method: string;
	path: string;
	body: unknown;
}

/** Every request names its rows by the impossible key, or carries the impossible value in what it would store. */
function requestsFor({ name, key, sorted }: CensusCollection): Request[] {
	const items = `items/${encodeURIComponent(name)}`;
	const rest = (request: string, method: string, path: string, body: unknown): Request => ({
		surface: 'rest',
		request,
		method,
		path,
		body,
	});
	const structure = (request: string, path: string): Request => ({
		surface: 'rest.structure',
		request,
		method: 'PATCH',
		path,
		body: { meta: { note: IMPOSSIBLE } },
	});
	const graphql = (request: string, query: string, system = false): Request => ({
		surface: system ? 'graphql.system' : 'graphql',
		request,
		method: 'POST',
		path: system ? 'graphql/system' : 'graphql',
		body: {
			query,
			variables: {
				key: IMPOSSIBLE,
				keys: [IMPOSSIBLE],
				data: { [key]: IMPOSSIBLE },
			},
		},
	});
	return [
		rest('create', 'POST', items, { [key]: IMPOSSIBLE }),
		rest('update', 'PATCH', items, { keys: [IMPOSSIBLE], data: { [key]: IMPOSSIBLE } }),
		rest('delete', 'DELETE', items, [IMPOSSIBLE]),
		rest('import', 'POST', `utils/import/${encodeURIComponent(name)}`, importForm(key)),
		...(sorted
			? []
			: [rest('sort', 'POST', `utils/sort/${encodeURIComponent(name)}`, { item: IMPOSSIBLE, to: IMPOSSIBLE })]),
		structure('collection', `collections/${encodeURIComponent(name)}`),
		structure('field', `fields/${encodeURIComponent(name)}/${encodeURIComponent(key)}`),
		graphql('update', `mutation ($key: ID!) { update_${name}_item(id: $key, data: {}) { __typename } }`),
		graphql('delete', `mutation ($keys: [ID]!) { delete_${name}_items(ids: $keys) { ids } }`),
		graphql(
			'collection',
			`mutation { update_collections_item(collection: "${name}", data: { meta: { note: ${JSON.stringify(IMPOSSIBLE)} } }) { collection } }`,
			true,
		),
	];
}

function importForm(key: string): FormData {
	const form = new FormData();
	form.append(
		'file',
		new Blob([JSON.stringify([{ [key]: IMPOSSIBLE }])], { type: 'application/json' }),
		'governed-census.json',
	);
	return form;
}

/** A flow that would write, with a name nothing stores. */
const FLOW: Request = {
	surface: 'flow',
	request: 'save a flow that writes',
	method: 'POST',
	path: 'flows',
	body: {
		name: IMPOSSIBLE,
		status: 'inactive',
		trigger: 'webhook',
		operations: [
			{ name: IMPOSSIBLE, key: 'governed_census', type: 'item-update', position_x: 1, position_y: 1, options: {} },
		],
	},
};

/** Tries REST, GraphQL and the saving of flows, each with a request that could change nothing. */
export async function restCensus(
	access: DirectusAccess,
	collections: readonly CensusCollection[],
): Promise<CensusProbe[]> {
	const probes: CensusProbe[] = [];
	for (const collection of collections) {
		for (const request of requestsFor(collection)) probes.push(await send(access, collection.name, request));
		if (collection.sorted)
			probes.push({
				surface: 'rest',
				subject: collection.name,
				request: 'sort',
				actor: 'the token',
				state: 'not_demonstrated',
				observed: 'not tried: unguarded, Directus would renumber its rows before it looked at the request',
			});
	}
	return [...probes, await send(access, 'directus_flows', FLOW)];
}

async function send(
	access: DirectusAccess,
	subject: string,
	{ surface, request, method, path, body }: Request,
): Promise<CensusProbe> {
	const answer = ask(access, path, { method, body }).then(
		({ body: answered, status }) => judge(answered, status),
		unreachable,
	);
	return { surface, subject, request, actor: 'the token', ...(await answer) };
}
