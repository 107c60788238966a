import { OWN_TABLES } from '../../../core/governed-tables.ts';
import type { Fault } from '../../../service/ports/registrar.ts';
import { lockPlainTable } from './plain-table.ts';
import { identifier, rowsOf, type Sql } from './session.ts';

/**
 * Tables of the product that belong to somebody else. The owner of schema public can drop one and put a table of its own
 * in its place, without our checks: such a one carries no guard, because nobody else may use the guard's function. What was
 * only given away is kept as it is until this transaction ends, so that nothing is planted between the look and the use.
 */
export async function strayTables(client: Sql): Promise<Fault[]> {
	const stray = await rowsOf<{ name: string; owner: string; ours: boolean }>(
		client,
		`select t.name, pg_get_userbyid(c.relowner) as owner, exists (select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
			where g.tgrelid = c.oid and g.tgname = 'governance_a_assert_safe' and p.pronamespace = to_regnamespace('governance')) as ours
		from unnest($1::text[]) t (name) join pg_class c on c.oid = to_regclass(t.name)
		where pg_get_userbyid(c.relowner) <> 'governance_owner' order by 1`,
		[OWN_TABLES.map(({ schema, name }) => `${schema}.${identifier(name)}`)],
	);
	const faults: Fault[] = [];
	for (const { name, owner, ours } of stray) {
		if (ours) faults.push(...(await lockPlainTable(client, name)));
		else
			faults.push({
				subject: name,
				problem: `belongs to ${owner} and carries no guard: it is not the table that apply made`,
				fix: 'find out who replaced it; restore the table from a backup, or run governed uninstall and apply anew',
			});
	}
	return faults;
}
