import pg from 'pg';
import { newLogin, type SeparationNames, type SeparationStep, separationSteps } from '../../../core/separation.ts';
import type { Change } from '../../../service/ports/registrar.ts';
import { readStrengthFacts } from '../strength-facts.ts';
import { rowsOf, type Sql } from './session.ts';

/** Who and what the steps are about, in this database. */
async function separationNames(client: Sql, directusRole: string): Promise<SeparationNames> {
	const [row] = await rowsOf<Omit<SeparationNames, 'directusRole'>>(
		client,
		'select current_user as operator, current_database() as database',
	);
	if (!row) throw new Error('the catalogue query gave no row');
	return { ...row, directusRole };
}

/** What is left to do on the way to `separated`. Before the first apply only a shared login can be told. */
export async function remainingSteps(client: Sql, directusRole: string): Promise<SeparationStep[]> {
	const names = await separationNames(client, directusRole);
	if (names.operator === directusRole) return [newLogin('the operator and Directus share one database role', names)];
	const [installed] = await rowsOf(client, `select 1 where to_regclass('governance.governed_collections') is not null`);
	return installed ? separationSteps(await readStrengthFacts(client, directusRole), names) : [];
}

/**
 * Takes away, inside the open transaction, what the operator may take away of Directus's role. A step is undone whole when
 * PostgreSQL refuses a part of it; it stays among {@link remainingSteps}, for an administrator.
 */
export async function separate(client: Sql, directusRole: string): Promise<Change[]> {
	const before = await remainingSteps(client, directusRole);
	for (const { sql, besides } of before) {
		// A new login needs a password and a restart of Directus: nothing to be done behind anybody's back.
		if (besides.length === 0) await tryStep(client, sql);
	}
	const after = new Set((await remainingSteps(client, directusRole)).map(({ weakness }) => weakness));
	return before
		.filter(({ weakness, besides }) => besides.length === 0 && !after.has(weakness))
		.map(({ weakness, sql }) => ({
			action: 'change',
			area: 'role',
			subject: directusRole,
			detail: `${weakness}: ${sql.join('; ')}`,
		}));
}

async function tryStep(client: Sql, statements: readonly string[]): Promise<void> {
	await client.query('savepoint step');
	try {
		for (const statement of statements) await client.query(statement);
		await client.query('release savepoint step');
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		await client.query('rollback to savepoint step; release savepoint step');
	}
}
