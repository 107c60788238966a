import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterHandle, directusDatabase, type TestDatabase } from '../../../instance/cluster.ts';
import { createPolicyKeys, loadPolicySigner } from '../../../src/adapters/keys/policy-keys.ts';
import { applyDesiredState } from '../../../src/adapters/postgres/registrar/apply.ts';
import { type GovernanceDeclaration, governanceConfigSchema } from '../../../src/config/schema.ts';
import type { ApplyOutcome, Change, DesiredState, Fault, PolicySigner } from '../../../src/service/ports/registrar.ts';
import { desiredState } from '../../../src/service/register/desired-state.ts';

const TOOLS = ['DOT_REGISTER', 'DOT_KG_EXPLAIN', 'DOT_INVENTORY'];

/** A small complete declaration: three tools, one contract, the vocabulary empty. */
export function declared(change: Partial<GovernanceDeclaration> = {}): DesiredState {
	return desiredState(
		governanceConfigSchema.parse({
			environment: 'test',
			executors: { 'agent-api': { url: 'http://127.0.0.1:9' } },
			tools: TOOLS.map((code) => ({
				code,
				title: code,
				verb: 'explain',
				object: 'graph',
				description: code,
				path: code,
			})),
			contracts: [
				{
					tool: 'DOT_KG_EXPLAIN',
					version: '1.0.0',
					executor: 'agent-api',
					path: '/dot/DOT_KG_EXPLAIN/dry-run',
					modes: ['PLAN_ONLY'],
					side_effects: 'none',
					input_schema: { type: 'object' },
					output_schema: { type: 'object' },
				},
			],
			tables: [{ table: 'public.dot_tools', class: 'registry', purpose: 'tools' }],
			...change,
		}),
	);
}

/** Collections as the declaration takes them. */
export const collections = (...names: string[]): Partial<GovernanceDeclaration> => ({
	collections: Object.fromEntries(names.map((name) => [name, {}])),
});

/** An operator's key pair for the length of a test file. */
export async function testSigner(): Promise<PolicySigner> {
	const folder = await mkdtemp(join(tmpdir(), 'governed-keys-'));
	try {
		await createPolicyKeys(folder);
		return await loadPolicySigner(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

export interface Registrar {
	apply(change?: Partial<GovernanceDeclaration>): Promise<ApplyOutcome>;
	plan(change?: Partial<GovernanceDeclaration>): Promise<ApplyOutcome>;
	/** As `--strength separated` does; without `commit` as `plan`. */
	separate(commit: boolean, change?: Partial<GovernanceDeclaration>): Promise<ApplyOutcome>;
}

/** Most of these tests loosen on purpose; that it takes a name each has tests of its own. */
const EVERY_LOOSENING: readonly string[] = Object.assign([], { includes: () => true });

export function registrarOf({ operatorUrl }: Pick<TestDatabase, 'operatorUrl'>, signer: PolicySigner): Registrar {
	const run =
		(commit: boolean) =>
		(change: Partial<GovernanceDeclaration> = {}) =>
			applyDesiredState(operatorUrl, declared(change), signer, { commit, allowLoosening: EVERY_LOOSENING });
	return {
		apply: run(true),
		plan: run(false),
		separate: (commit, change = {}) =>
			applyDesiredState(operatorUrl, declared(change), signer, {
				commit,
				separate: true,
				allowLoosening: EVERY_LOOSENING,
			}),
	};
}

export interface GovernedDatabase extends TestDatabase, Registrar {}

/** A database with Directus's tables, governed by one apply of {@link declared}. */
export async function governedDatabase(
	cluster: ClusterHandle,
	change: Partial<GovernanceDeclaration> = {},
): Promise<GovernedDatabase> {
	const [database, signer] = await Promise.all([directusDatabase(cluster), testSigner()]);
	const registrar = registrarOf(database, signer);
	appliedChanges(await registrar.apply(change));
	return { ...database, ...registrar };
}

/** The changes of an apply that went through; anything else fails the test with its faults. */
export function appliedChanges(outcome: ApplyOutcome): Change[] {
	if (outcome.kind !== 'applied') throw new Error(`expected an apply, got ${JSON.stringify(outcome)}`);
	return outcome.changes;
}

export function plannedChanges(outcome: ApplyOutcome): Change[] {
	if (outcome.kind !== 'planned') throw new Error(`expected a plan, got ${JSON.stringify(outcome)}`);
	return outcome.changes;
}

export function faultsOf(outcome: ApplyOutcome): Fault[] {
	if (outcome.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(outcome)}`);
	return outcome.faults;
}
