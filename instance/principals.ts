import { InstanceFault } from './fault.ts';
import { at, type Call, call } from './http.ts';

/** Fixed, so that `directus.config.ts` and tests can name them before the instance exists. */
export const AGENT = {
	role: 'a9e70000-0000-4000-8000-000000000001',
	policy: 'a9e70000-0000-4000-8000-000000000002',
	user: 'a9e70000-0000-4000-8000-000000000003',
} as const;

export const EDITOR = {
	role: 'ed170000-0000-4000-8000-000000000001',
	policy: 'ed170000-0000-4000-8000-000000000002',
	user: 'ed170000-0000-4000-8000-000000000003',
} as const;

export interface PrincipalTokens {
	readonly agent: string;
	readonly editor: string;
}

interface Directus {
	readonly url: string;
	readonly adminToken: string;
}

interface Principal {
	readonly ids: { readonly role: string; readonly policy: string; readonly user: string };
	readonly name: string;
	readonly email: string;
	readonly token: string;
	readonly admin: boolean;
	readonly description: string;
}

const ACTIONS = ['create', 'read', 'update', 'delete', 'share'] as const;

async function ask({ url, adminToken }: Directus, path: string, options: Omit<Call, 'token'> = {}): Promise<unknown> {
	const answer = await call(`${url}${path}`, { ...options, token: adminToken });
	if (answer.status < 300) return at(answer.body, 'data');
	throw new InstanceFault(
		`Directus refused ${options.method ?? 'GET'} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`,
	);
}

/** Creates the item, or brings the existing one to the same values. */
async function ensureItem(
	directus: Directus,
	path: string,
	id: string,
	values: Record<string, unknown>,
): Promise<void> {
	const found = await ask(directus, `${path}?filter[id][_eq]=${id}&fields=id&limit=1`);
	if (at(found, 0) === undefined) await ask(directus, path, { method: 'POST', body: { id, ...values } });
	else await ask(directus, `${path}/${id}`, { method: 'PATCH', body: values });
}

async function ensureAccess(directus: Directus, role: string, policy: string): Promise<void> {
	const found = await ask(
		directus,
		`/access?filter[role][_eq]=${role}&filter[policy][_eq]=${policy}&fields=id&limit=1`,
	);
	if (at(found, 0) === undefined) await ask(directus, '/access', { method: 'POST', body: { role, policy } });
}

async function ensurePrincipal(
	directus: Directus,
	{ ids, name, email, token, admin, description }: Principal,
): Promise<void> {
	await ensureItem(directus, '/policies', ids.policy, { name, description, admin_access: admin, app_access: true });
	await ensureItem(directus, '/roles', ids.role, { name, description });
	await ensureAccess(directus, ids.role, ids.policy);
	await ensureItem(directus, '/users', ids.user, { first_name: name, email, token, role: ids.role, status: 'active' });
}

/**
 * Gives the editor every action on every collection Directus shows that is not its own, whole and without conditions:
 * the free tier ignores a permission that names fields or a filter.
 */
async function grantEditorEverything(directus: Directus): Promise<void> {
	const collections = (await ask(directus, '/collections')) as { collection: string; schema: unknown; meta: unknown }[];
	const present = (await ask(
		directus,
		`/permissions?filter[policy][_eq]=${EDITOR.policy}&fields=collection,action&limit=-1`,
	)) as {
		collection: string;
		action: string;
	}[];
	const held = new Set(present.map(({ collection, action }) => `${collection}.${action}`));
	const missing = collections
		.filter(({ collection, schema, meta }) => schema !== null && meta !== null && !collection.startsWith('directus_'))
		.flatMap(({ collection }) =>
			ACTIONS.map((action) => ({ policy: EDITOR.policy, collection, action, fields: ['*'] })),
		)
		.filter(({ collection, action }) => !held.has(`${collection}.${action}`));
	if (missing.length > 0) await ask(directus, '/permissions', { method: 'POST', body: missing });
}

/** Directus hides a new module until its settings list it; a list somebody made stays as it is. */
const MODULE_BAR = ['content', 'users', 'files', 'insights', 'flows', 'governance', 'settings'].map((id) => ({
	type: 'module',
	id,
	enabled: true,
	...(id === 'settings' ? { locked: true } : {}),
}));

/**
 * Turns MCP on, shows the Governance module, and creates the editor (no admin, every permission there is) and the agent (an admin by permission, so
 * that what stops it is the governance and nothing else). Each of them and the first admin takes one of the free
 * tier's three seats. Safe to repeat.
 */
export async function ensurePrincipals(directus: Directus, tokens: PrincipalTokens): Promise<void> {
	const bar = at(await ask(directus, '/settings?fields=module_bar'), 'module_bar');
	const settings = { mcp_enabled: true, mcp_allow_deletes: true, ...(bar ? {} : { module_bar: MODULE_BAR }) };
	await ask(directus, '/settings', { method: 'PATCH', body: settings });
	await ensurePrincipal(directus, {
		ids: EDITOR,
		name: 'Editor',
		email: 'editor@example.com',
		token: tokens.editor,
		admin: false,
		description: 'Every permission on every collection',
	});
	await ensurePrincipal(directus, {
		ids: AGENT,
		name: 'Agent',
		email: 'agent@example.com',
		token: tokens.agent,
		admin: true,
		description: 'An AI agent that holds every credential',
	});
	await grantEditorEverything(directus);
}
