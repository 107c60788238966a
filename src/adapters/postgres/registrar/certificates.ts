import type { Fault } from '../../../service/ports/registrar.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

/** Registry tables whose rows no declaration lists, so that nothing but its certificate tells a lawful row. */
const UNDECLARED = [
	{ table: 'governance_canonical_operation_vocab', key: 'operation' },
	{ table: 'governance_grants', key: 'id' },
];

/** Rows that no apply made: somebody with the guards off put them there, and a person decides what becomes of them. */
export async function uncertifiedRows(client: Sql): Promise<Fault[]> {
	const faults: Fault[] = [];
	for (const { table, key } of UNDECLARED) {
		const rows = await rowsOf<{ key: string }>(
			client,
			`select t.${identifier(key)}::text as key from public.${identifier(table)} t where not exists (
				select from governance.birth_certificates c where c.collection = $1 and c.row_key = t.${identifier(key)}::text) order by 1 limit 20`,
			[table],
		);
		faults.push(
			...rows.map((row) => ({
				subject: `${table} ${row.key}`,
				problem: 'has no birth certificate: no apply made this row',
				fix: 'find out who made it, then delete it as a superuser with the guards of the table off',
			})),
		);
	}
	return faults;
}
