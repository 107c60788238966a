import { randomUUID } from 'node:crypto';
import type { PlanBinding } from '../../../contracts/plan-file.ts';
import type { PolicyDocument } from '../../../contracts/policy.ts';
import { type GuardedTable, METADATA_TABLES, OWN_TABLES } from '../../../core/governed-tables.ts';
import { looseningsOf } from '../../../core/loosening.ts';
import type {
	ApplyOptions,
	ApplyOutcome,
	Change,
	DesiredState,
	Fault,
	PolicySigner,
} from '../../../service/ports/registrar.ts';
import { concludeApply, recordApply } from './apply-record.ts';
import { uncertifiedRows } from './certificates.ts';
import { ensureExposure } from './exposure.ts';
import { ensureFlowPolicy } from './flow-policy.ts';
import { ensureFunctions, foreignObjects } from './functions.ts';
import { ensureGuards, ensureMetadataGuards } from './guards.ts';
import { ensureMark, touchedSinceApply } from './marks.ts';
import { migrate } from './migrations.ts';
import { type ContentTable, ensureHome, ensureOwners, inspectContentTables } from './ownership.ts';
import { lockPlainTable, lockPlainTables, snaresOf } from './plain-table.ts';
import { bindingOf, movedSince } from './plan-binding.ts';
import { ensurePolicy } from './policy.ts';
import { preconditionFaults } from './preconditions.ts';
import { ensureSchemaPrivileges, ensureTablePrivileges } from './privileges.ts';
import { ensureGovernedCollections, ensureRegistry } from './registry.ts';
import { releaseUndeclared } from './release.ts';
import { untilUndisturbed } from './retry.ts';
import { ensureRoles, roleFaults } from './roles.ts';
import { remainingSteps, separate } from './separate.ts';
import { lockRegistrar, openOperatorSession, rowsOf, type Sql } from './session.ts';
import { accessOf, inspectStewards, type StewardedTable } from './steward-tables.ts';
import { ensureSequencePrivileges, ensureStewardRules } from './stewards.ts';
import { strayTables } from './stray-tables.ts';
import { otherThanPlanned, unallowed } from './unread-changes.ts';

/**
 * Makes the database what the declaration says, in one transaction. With `commit: false` everything is tried and rolled
 * back: what would have changed is the plan, and against an installed database it is the drift.
 *
 * Throws on a lost connection, a newer schema or an altered migration; everything an operator can mend is a fault.
 */
export async function applyDesiredState(
	operatorUrl: string,
	desired: DesiredState,
	signer: PolicySigner,
	options: ApplyOptions,
): Promise<ApplyOutcome> {
	return untilUndisturbed(() => applyOnce(operatorUrl, desired, signer, options));
}

async function applyOnce(
	operatorUrl: string,
	desired: DesiredState,
	signer: PolicySigner,
	options: ApplyOptions,
): Promise<ApplyOutcome> {
	const client = await openOperatorSession(operatorUrl);
	try {
		await client.query('begin isolation level read committed read write');
		const outcome = await withinTransaction(client, desired, signer, options);
		const rest = options.separate ? { remaining: await remainingSteps(client, desired.directusRole) } : {};
		await client.query(outcome.kind === 'applied' && options.commit ? 'commit' : 'rollback');
		if (outcome.kind === 'unchanged') return { kind: 'unchanged', generation: outcome.generation, ...rest };
		if (outcome.kind === 'refused') return { ...outcome, ...rest };
		const { binding, ...applied } = outcome;
		if (options.commit) return { ...applied, ...rest };
		return { kind: 'planned', changes: applied.changes, loosenings: applied.loosenings, binding, ...rest };
	} finally {
		await client.end().catch(() => undefined);
	}
}

/** What `work` needs to write under this transaction's apply record. */
export interface VerifiedSession {
	client: Sql;
	applyId: string;
	policy: PolicyDocument;
}

/**
 * Runs `work` in the same transaction in which the database was found to be exactly what the declaration says, under an apply
 * record of its own, and commits. Anything else comes back as it was found, and nothing is changed.
 */
export async function underVerifiedApply<T>(
	operatorUrl: string,
	desired: DesiredState,
	signer: PolicySigner,
	work: (session: VerifiedSession) => Promise<T>,
): Promise<{ kind: 'done'; value: T } | { kind: 'differs'; outcome: Exclude<Found, UnchangedApply> }> {
	return untilUndisturbed(async () => {
		const client = await openOperatorSession(operatorUrl);
		try {
			await client.query('begin isolation level read committed read write');
			const outcome = await withinTransaction(client, desired, signer, { commit: false });
			if (outcome.kind !== 'unchanged') return { kind: 'differs' as const, outcome };
			const value = await work({ client, applyId: outcome.applyId, policy: outcome.policy });
			await client.query('commit');
			return { kind: 'done' as const, value };
		} finally {
			await client.end().catch(() => undefined);
		}
	});
}

type Found =
	| (Extract<ApplyOutcome, { kind: 'applied' }> & { binding: PlanBinding })
	| Extract<ApplyOutcome, { kind: 'refused' }>
	| UnchangedApply;

interface UnchangedApply {
	kind: 'unchanged';
	generation: number;
	applyId: string;
	policy: PolicyDocument;
}

async function withinTransaction(
	client: Sql,
	desired: DesiredState,
	signer: PolicySigner,
	{ commit, saved, allowLoosening = [], onProgress = () => undefined, separate: apart = false }: ApplyOptions,
): Promise<Found> {
	onProgress('preconditions');
	const early = await preconditionFaults(client, desired.directusRole);
	if (early.length > 0) return { kind: 'refused', faults: early };
	await lockRegistrar(client);
	const faults = await surroundingFaults(client, desired.directusRole);
	const content = await inspectContentTables(client, desired);
	const { stewarded, faults: stewardFaults } = await inspectStewards(client, content.tables, desired.policy.governed);
	faults.push(...content.faults, ...stewardFaults);
	// Not a row is read before: what stands in a table's place may run code with the operator's rights.
	if (faults.length > 0) return { kind: 'refused', faults };
	const binding = await bindingOf(client, desired);
	const moved = saved ? movedSince(saved.binding, binding) : [];
	if (moved.length > 0) return { kind: 'refused', faults: moved };

	onProgress('roles and schema');
	const changes: Change[] = [...(await ensureRoles(client)), ...(await migrate(client))];
	changes.push(...(await ensureFunctions(client, desired.directusRole)));
	if (apart) changes.push(...(await separate(client, desired.directusRole)));
	const applyId = randomUUID();
	await recordApply(client, applyId, desired);

	onProgress('guards and privileges');
	changes.push(...(await ensureStewardRules(client, stewarded)));
	changes.push(...(await releaseUndeclared(client, desired.collections, desired.directusRole)));
	changes.push(...(await ensureOwners(client, OWN_TABLES)));
	for (const table of content.tables) {
		changes.push(...(await touchedSinceApply(client, table)), ...(await ensureHome(client, table, desired, applyId)));
	}
	for (const table of [...OWN_TABLES, ...content.tables.map(asGuarded(stewarded, desired.directusRole))]) {
		changes.push(
			...(await ensureGuards(client, table)),
			...(await ensureTablePrivileges(client, table, desired.directusRole)),
		);
	}
	for (const table of content.tables) {
		changes.push(
			...(await ensureSequencePrivileges(client, table, stewarded.get(table.name), desired.directusRole)),
			...(await ensureMark(client, table, desired.strength)),
		);
	}
	changes.push(
		...(await ensureSchemaPrivileges(client, desired.directusRole)),
		...(await ensureMetadataGuards(client)),
	);

	onProgress('registry');
	changes.push(
		...(await ensureGovernedCollections(client, desired.policy.governed)),
		...(await ensureFlowPolicy(client, desired.policy.flows)),
		...(await ensureRegistry(client, desired.registry)),
	);
	const exposure = await ensureExposure(client, desired.expose);
	if (exposure.faults.length > 0) return { kind: 'refused', faults: exposure.faults };
	changes.push(...exposure.changes);

	onProgress('policy');
	const policy = await ensurePolicy(client, signer, desired.policy, applyId);
	changes.push(...policy.changes);
	if (changes.length === 0)
		return { kind: 'unchanged', generation: policy.generation, applyId, policy: policy.document };
	const loosenings = policy.before ? looseningsOf(policy.before, policy.document) : [];
	const unread = commit ? [...unallowed(loosenings, allowLoosening), ...otherThanPlanned(saved, changes)] : [];
	if (unread.length > 0) return { kind: 'refused', faults: unread };
	await concludeApply(client, applyId, changes, policy.document, signer);
	return { kind: 'applied', applyId, generation: policy.generation, changes, loosenings, binding };
}

/** What is wrong with the tables around the declared ones. Nothing of Directus's is read before this was asked. */
async function surroundingFaults(client: Sql, directusRole: string): Promise<Fault[]> {
	const faults = await lockPlainTable(client, 'public.directus_collections');
	const inside = OWN_TABLES.filter(({ schema }) => schema === 'governance').map(({ name }) => name);
	faults.push(...(await roleFaults(client, directusRole)), ...(await foreignObjects(client, inside)));
	const metadata = METADATA_TABLES.map(({ name }) => `public.${name}`).filter(
		(name) => name !== 'public.directus_collections',
	);
	faults.push(...(await lockPlainTables(client, metadata)));
	const [installed] = await rowsOf(client, `select 1 from pg_class where oid = to_regclass('governance.migrations')`);
	const own = installed ? OWN_TABLES.map(({ schema, name }) => `${schema}.${name}`) : [];
	const snares = [...(installed ? await strayTables(client) : []), ...(await snaresOf(client, ...own))];
	return [...faults, ...snares, ...(installed && snares.length === 0 ? await uncertifiedRows(client) : [])];
}

const asGuarded =
	(stewarded: ReadonlyMap<string, StewardedTable>, role: string) =>
	({ name, key }: ContentTable): GuardedTable => {
		const table = stewarded.get(name);
		return { schema: 'public', name, key, class: 'governed', stewards: table && accessOf(table, role) };
	};
