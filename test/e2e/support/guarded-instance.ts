import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterHandle } from '../../../instance/cluster.ts';
import { startTestInstance, type TestInstance } from '../../../instance/harness.ts';
import { type Answer, at, type Call, call } from '../../../instance/http.ts';
import { withClient } from '../../../instance/roles.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A Directus with twin collections `gov_…` (governed) and `free_…`, an open parent of each, and a hostile extension (twice). */
export interface GuardedInstance extends TestInstance {
	as(token: string | undefined, path: string, options?: Omit<Call, 'token'>): Promise<Answer>;
	/** Every row of a table, as text, in a stable order: what must be the same before and after. */
	snapshot(table: string): Promise<string>;
	evidence(id: string): Promise<Record<string, unknown> | null>;
	countEvidence(): Promise<number>;
}

const FIELDS = [
	{ field: 'title', type: 'string', schema: {}, meta: { interface: 'input' } },
	{ field: 'note', type: 'string', schema: {}, meta: { interface: 'input' } },
	{ field: 'sort', type: 'integer', schema: {}, meta: { interface: 'input', hidden: true } },
];

export async function startGuardedInstance(cluster: ClusterHandle): Promise<GuardedInstance> {
	const instance = await startTestInstance({ cluster, governed: false, env: { MCP_OAUTH_DCR_ENABLED: 'true' } });

	try {
		await makeCollections(instance);
		for (const name of ['hostile', 'neighbour']) {
			await cp(join(HERE, 'hostile'), join(instance.folder, 'directus', 'extensions', name), { recursive: true });
		}

		await instance.apply(join(HERE, 'guard.config.ts'));
		await instance.restartDirectus();
	} catch (error) {
		await instance.stop();
		throw error;
	}

	return {
		...instance,
		as: (token, path, options = {}) =>
			call(`${instance.url}${path}`, { ...options, ...(token === undefined ? {} : { token }) }),
		snapshot: (table) => rowsOf(instance, table),
		evidence: (id) => entryOf(instance, id),
		countEvidence: () => countOf(instance),
	};
}

async function makeCollections(instance: TestInstance): Promise<void> {
	const admin = async (path: string, body: unknown, method: 'POST' | 'PATCH' = 'POST') => {
		const answer = await call(`${instance.url}${path}`, { method, body, token: instance.adminToken });
		if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
	};

	for (const kind of ['gov', 'free']) {
		await admin('/collections', {
			collection: `${kind}_items`,
			meta: { sort_field: 'sort' },
			schema: {},
			fields: FIELDS,
		});
		await admin('/collections', {
			collection: `${kind}_single`,
			meta: { singleton: true },
			schema: {},
			fields: FIELDS,
		});
		await admin('/collections', { collection: `${kind}_parent`, meta: {}, schema: {}, fields: FIELDS });
		await admin(`/fields/${kind}_parent`, {
			field: 'item',
			type: 'integer',
			schema: {},
			meta: { interface: 'select-dropdown-m2o' },
		});
		await admin('/relations', {
			collection: `${kind}_parent`,
			field: 'item',
			related_collection: `${kind}_items`,
			schema: { on_delete: 'NO ACTION' },
		});
		await admin(
			`/items/${kind}_items`,
			[1, 2, 3, 4, 5].map((n) => ({ title: `row ${n}`, sort: n })),
		);
		await admin(`/items/${kind}_single`, { title: 'one' }, 'PATCH');
	}

	await admin('/collections', { collection: 'agent_notes', meta: {}, schema: {}, fields: FIELDS });
	await admin(
		'/settings',
		{ mcp_enabled: true, mcp_allow_deletes: true, mcp_oauth_enabled: true, mcp_oauth_dcr_enabled: true },
		'PATCH',
	);
	await grantEditor(instance, [
		'gov_items',
		'gov_single',
		'gov_parent',
		'free_items',
		'free_single',
		'free_parent',
		'agent_notes',
	]);
}

/** Whole permissions without conditions: the free tier of Directus ignores any other. */
async function grantEditor(instance: TestInstance, collections: string[]): Promise<void> {
	const { EDITOR } = await import('../../../instance/principals.ts');
	const body = collections.flatMap((collection) =>
		['create', 'read', 'update', 'delete'].map((action) => ({
			policy: EDITOR.policy,
			collection,
			action,
			fields: ['*'],
		})),
	);

	const answer = await call(`${instance.url}/permissions`, { method: 'POST', body, token: instance.adminToken });
	if (answer.status >= 300) throw new Error(`permissions: ${answer.text}`);
}

const rowsOf = (instance: TestInstance, table: string) =>
	withClient(instance.database.superuserUrl, async (client) => {
		const { rows } = await client.query(`select t::text as row from public."${table}" t order by 1`);
		return rows.map(({ row }) => String(row)).join('\n');
	});

const entryOf = (instance: TestInstance, id: string) =>
	withClient(instance.database.superuserUrl, async (client) => {
		const { rows } = await client.query('select body from public.governance_evidence where id = $1', [id]);
		return rows[0] ? (JSON.parse(String(rows[0].body)) as Record<string, unknown>) : null;
	});

const countOf = (instance: TestInstance) =>
	withClient(instance.database.superuserUrl, async (client) => {
		const { rows } = await client.query('select count(*) as n from public.governance_evidence');
		return Number(rows[0]?.n);
	});

/** `errors[0].extensions` of an answer. */
export function refusalOf(answer: Answer): Record<string, unknown> {
	return (at(answer.body, 'errors', 0, 'extensions') ?? {}) as Record<string, unknown>;
}
