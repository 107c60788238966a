import type { Pool } from 'pg';
import type { PolicyDocument } from '../../contracts/policy.ts';
import {
	type Catalogue,
	catalogueDrift,
	type ExpectedTable,
	type FoundFunction,
	type FoundRole,
	type FoundTable,
} from '../../core/catalogue-drift.ts';
import { type GuardClass, guardTriggersOf, METADATA_TABLES, metadataTriggersOf } from '../../core/governed-tables.ts';
import type { CatalogueWatch } from '../../service/ports/database-guards.ts';
import { CATALOGUE_DIGEST, CATALOGUE_LOOK } from './catalogue-sql.ts';
import { cannotBeAsked } from './connection-lost.ts';
import { changedDescriptions, describedDigests } from './described-digest.ts';
import { type Queries, rolledBack } from './pinned-session.ts';
import { SHIPPED_FUNCTIONS } from './registrar/shipped-functions.ts';
import { isStewarded, type WatchedTable, watchedTables } from './watched-tables.ts';

const LOCK_TIMEOUT_MS = 2_000;

type TableRow = FoundTable & { schema: string; table: string; key: string | null };

interface Look {
	tables: TableRow[];
	functions: FoundFunction[];
	role: FoundRole;
	known: Record<string, GuardClass>;
}

/**
 * Compares the guards in PostgreSQL with what this package ships and the policy names, as Directus's role sees the
 * catalogue. What was compared is remembered under a digest of the catalogue rows it came from, so that a look at an
 * unchanged database costs one query.
 */
export function createCatalogueWatch(pool: Pick<Pool, 'connect'>): CatalogueWatch {
	let last: { policy: PolicyDocument; digest: string; drift: string[] } | undefined;

	return {
		drift(policy) {
			const tables = watchedTables(policy);
			const all = [...tables, ...METADATA_TABLES.map(({ name }) => ({ schema: 'public', name }))];
			const parameters = [all.map(({ schema }) => schema), all.map(({ name }) => name)];
			const described = Object.keys(policy.described);
			return rolledBack(pool, LOCK_TIMEOUT_MS, async (client) => {
				const digest = await digestOf(client, [...parameters, described]);
				if (last?.policy === policy && last.digest === digest) return last.drift;
				const { rows } = await client.query<Look>(CATALOGUE_LOOK, parameters);
				const [look] = rows;
				if (!look) throw new Error('the catalogue query gave no row');
				const drift = [
					...catalogueDrift(catalogueOf(look, tables, policy)),
					...changedDescriptions(policy.described, await describedDigests(client, described)).map(
						(name) => `the description of ${name} is not the signed one`,
					),
				];
				last = { policy, digest, drift };
				return drift;
			}).catch(unreadable);
		},
	};
}

/** A database that answers and does not let itself be looked at is off; one that is busy or gone says nothing. */
function unreadable(error: unknown): string[] {
	if (cannotBeAsked(error)) throw error;
	return [`the catalogue could not be read (SQLSTATE ${String((error as { code?: unknown }).code)})`];
}

async function digestOf(client: Queries, parameters: unknown[]): Promise<string> {
	const { rows } = await client.query<{ digest: string }>(CATALOGUE_DIGEST, parameters);
	return String(rows[0]?.digest);
}

function catalogueOf(look: Look, watched: readonly WatchedTable[], policy: PolicyDocument): Catalogue {
	const found = new Map(look.tables.map((table) => [`${table.schema}.${table.table}`, table]));
	return {
		tables: [
			...watched.map((table) => expectedTable(table, found, policy)),
			...METADATA_TABLES.map((table) => shared(table, found)),
		],
		functions: look.functions,
		shipped: [...SHIPPED_FUNCTIONS.values()],
		role: look.role,
		expectedRole: policy.directus_role,
		known: new Map(Object.entries(look.known)),
		governed: new Map(policy.governed.map(({ collection, class: guardClass }) => [collection, guardClass])),
	};
}

function expectedTable(
	table: WatchedTable,
	tables: ReadonlyMap<string, TableRow>,
	{ strength, directus_role: role }: PolicyDocument,
): ExpectedTable {
	const label = `${table.schema}.${table.name}`;
	const found = tables.get(label);
	const key = table.key ?? found?.key ?? '';
	// Of what stewards may, only whose role they come as stands in the triggers.
	const stewards = table.rules.length > 0 ? { role, inserts: [], updates: [], deletes: false } : undefined;
	return {
		label,
		found,
		owners: strength === 'single-role' && table.key === null ? null : ['governance_owner'],
		triggers: found ? guardTriggersOf({ ...table, key, stewards }, found.name) : [],
		mayHold: (privilege) => isStewarded(table, key, privilege),
		shared: false,
	};
}

function shared(table: (typeof METADATA_TABLES)[number], tables: ReadonlyMap<string, TableRow>): ExpectedTable {
	const label = `public.${table.name}`;
	const triggers = metadataTriggersOf(table);
	return { label, found: tables.get(label), owners: [], triggers, mayHold: () => true, shared: true };
}
