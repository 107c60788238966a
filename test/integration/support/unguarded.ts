import type pg from 'pg';
import { METADATA_TABLES, OWN_TABLES } from '../../../src/core/governed-tables.ts';

type Sql = Pick<pg.Client, 'query'>;

export interface Baseline {
	/** Directus's role also becomes superuser: for attacks on roles and settings, which no ownership of tables allows. */
	superuser?: boolean;
}

/**
 * What an attack meets where nothing is governed: everything belongs to Directus's role and no guard is on. The caller's
 * session is a superuser's; all of it is rolled back, and nobody else sees it.
 */
export async function withoutGuards<T>(
	superuser: Sql,
	work: () => Promise<T>,
	{ superuser: elevated = false }: Baseline = {},
	more: readonly string[] = [],
): Promise<T> {
	await superuser.query('begin');
	try {
		const own = OWN_TABLES.map(({ schema, name }) => `${schema}.${name}`);
		for (const table of [...own, ...more]) {
			await superuser.query(`alter table ${table} disable trigger user; alter table ${table} owner to directus`);
		}
		for (const { name } of METADATA_TABLES) await superuser.query(`alter table public.${name} disable trigger user`);
		const { rows } = await superuser.query<{ name: string }>(
			`select oid::regprocedure::text as name from pg_proc where pronamespace = 'governance'::regnamespace`,
		);
		for (const { name } of rows) await superuser.query(`alter function ${name} owner to directus`);
		await superuser.query('alter schema governance owner to directus');
		if (elevated) await superuser.query('alter role directus superuser');
		await superuser.query('set local role directus');
		return await work();
	} finally {
		await superuser.query('rollback');
	}
}
