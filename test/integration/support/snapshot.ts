import type pg from 'pg';
import { dumpCatalogue } from '../../../scripts/catalogue-dump.ts';
import { OWN_TABLES } from '../../../src/core/governed-tables.ts';

type Sql = Pick<pg.Client, 'query'>;

/** Every row of the product's tables and of the tables named, as sorted text, and the whole structure around them. */
export async function snapshotOf(superuser: Sql, more: readonly string[] = []): Promise<string> {
	const parts = [await dumpCatalogue(superuser, 'everything')];
	for (const table of [...OWN_TABLES.map(({ schema, name }) => `${schema}.${name}`), ...more]) {
		const { rows } = await superuser.query<{ rows: string | null }>(
			`select string_agg(t::text, chr(10) order by t::text) as rows from ${table} t`,
		);
		parts.push(`-- rows of ${table}`, rows[0]?.rows ?? '');
	}
	return parts.join('\n');
}
