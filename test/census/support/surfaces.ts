import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { commandLineFile } from '../../../instance/directus.ts';
import { at } from '../../../instance/http.ts';
import { GOVERNED, OPEN, UNGOVERNABLE } from './fingerprint.ts';
import type { Side } from './types.ts';

const api = (): string => dirname(dirname(commandLineFile()));

/** The version of Directus that runs. */
export async function directusVersion(): Promise<string> {
	const file = createRequire(import.meta.url).resolve('directus/package.json');
	return String((JSON.parse(await readFile(file, 'utf8')) as { version: string }).version);
}

/** Every place through which the running Directus may write, by name. Asked of Directus, so that a new one shows up here. */
export async function knownSurfaces(side: Side): Promise<string[]> {
	const own = await routesAndServices(side);
	const lists = await Promise.all([
		own,
		undocumentedIn(own, side),
		mutations(side, '/graphql', 'mutation'),
		mutations(side, '/graphql/system', 'system mutation'),
		tools(side),
		flowParts(),
		socketParts(),
		commands(),
		filesThatWrite(),
	]);
	return [...new Set(lists.flat())].sort();
}

async function routesAndServices(side: Side): Promise<string[]> {
	const { body } = await side.as('admin', '/hostile/surfaces');
	const routes = (at(body, 'routes') as string[]).filter((route) => !/^(GET|HEAD|OPTIONS) /.test(route));
	const services = at(body, 'services') as Record<string, string[]>;
	return [
		...routes.filter((route) => !route.includes('hostile')).map((route) => `route ${plain(route)}`),
		...Object.entries(services).flatMap(([name, methods]) => methods.map((method) => `service ${name}.${method}`)),
	];
}

/** A parameter's own expression, and a slash at the end, are no matter. */
const plain = (route: string): string => route.replace(/\([^)]*\)/g, '').replace(/(?<=\S)\/$/, '');

/** What the documentation of the API promises and no route that was found keeps: a sign that the search for routes misses some. */
async function undocumentedIn(routes: readonly string[], side: Side): Promise<string[]> {
	const { body } = await side.as('admin', '/server/specs/oas');
	const paths = (at(body, 'paths') ?? {}) as Record<string, Record<string, unknown>>;
	const documented = Object.entries(paths).flatMap(([path, methods]) =>
		Object.keys(methods)
			.filter((method) => /^(post|patch|put|delete|search)$/.test(method))
			.map((method) => `${method.toUpperCase()} ${path}`),
	);
	if (documented.length === 0) throw new Error('the documentation of the API is empty');
	return documented
		.filter((route) => !routes.some((known) => known.startsWith('route ') && fits(known.slice('route '.length), route)))
		.map((route) => `documented ${route}`);
}

/** Whether `/items/:collection/:pk` serves `/items/gov_items/{id}`. */
function fits(route: string, documented: string): boolean {
	const [pattern, path] = [route, documented].map((each) => each.split(/[ /]+/));
	return (
		pattern?.length === path?.length && (pattern ?? []).every((part, n) => part === path?.[n] || part.startsWith(':'))
	);
}

const COLLECTION_NAMES = new RegExp(
	`(${[...GOVERNED, UNGOVERNABLE, ...OPEN].join('|')})(?=_item|_items|_batch|$)`,
	'g',
);

async function mutations(side: Side, path: string, label: string): Promise<string[]> {
	const query = '{ __schema { mutationType { fields { name } } } }';
	const { body, text } = await side.as('admin', path, { method: 'POST', body: { query } });
	const fields = at(body, 'data', '__schema', 'mutationType', 'fields') as { name: string }[] | undefined;
	if (!fields) throw new Error(`no introspection: ${text.slice(0, 200)}`);
	return fields.map(({ name }) => `${label} ${name.replace(COLLECTION_NAMES, 'x')}`);
}

async function tools(side: Side): Promise<string[]> {
	const client = new Client({ name: 'census', version: '1.0.0' });
	const transport = new StreamableHTTPClientTransport(new URL(`${side.instance.url}/mcp`), {
		requestInit: { headers: { authorization: `Bearer ${side.token('admin')}` } },
	});
	await client.connect(transport as Parameters<Client['connect']>[0]);
	try {
		const { tools: list } = await client.listTools();
		return list.flatMap(({ name, inputSchema }) => {
			const actions = at(inputSchema, 'properties', 'action', 'enum') as string[] | undefined;
			return actions ? actions.map((action) => `mcp ${name} ${action}`) : [`mcp ${name}`];
		});
	} finally {
		await client.close();
	}
}

const literals = (text: string, pattern: RegExp): string[] =>
	[...text.matchAll(pattern)].map(([, word]) => String(word));

async function flowParts(): Promise<string[]> {
	const flows = await readFile(join(api(), 'flows.js'), 'utf8');
	const operations = await readdir(join(api(), 'operations'));
	return [
		...literals(flows, /flow\.trigger === "(\w+)"/g).map((trigger) => `flow trigger ${trigger}`),
		...operations.filter((name) => !name.includes('.')).map((name) => `flow operation ${name}`),
	];
}

async function socketParts(): Promise<string[]> {
	const folder = join(api(), 'websocket');
	const names = async (part: string) =>
		(await readdir(join(folder, part)))
			.filter((name) => name.endsWith('.js') && name !== 'index.js')
			.map((name) => `websocket ${part} ${name.slice(0, -3)}`);
	const messages = await readFile(join(folder, 'messages.js'), 'utf8');
	return [
		...(await names('handlers')),
		...(await names('controllers')),
		...literals(messages, /action: z\$?\d*\.literal\("(\w+)"\)/g).map((action) => `websocket items ${action}`),
	];
}

async function commands(): Promise<string[]> {
	const text = await readFile(join(api(), 'cli', 'index.js'), 'utf8');
	return literals(text, /\.command\("([\w:]+)/g).map((name) => `command ${name}`);
}

const WRITING =
	/\.(insert|update|delete|del|truncate|dropTable|alterTable|createTable|increment|decrement|raw|dropColumn|merge)\(/;

/** Files of Directus that touch the database with knex themselves, past every service. Migrations run before an instance is governed. */
async function filesThatWrite(): Promise<string[]> {
	const root = api();
	const files = await readdir(root, { recursive: true });
	const found: string[] = [];
	for (const file of files) {
		if (!file.endsWith('.js') || /database\/(migrations|seeds|helpers)|test-utils/.test(file)) continue;
		const text = await readFile(join(root, file), 'utf8');
		if (/knex|trx|getDatabase|database_default/.test(text) && WRITING.test(text)) found.push(`source ${file}`);
	}
	return found;
}
