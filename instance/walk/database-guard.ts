import type pg from 'pg';
import { codeOf } from '../fault.ts';
import { withClient } from '../roles.ts';
import { combine, type Row } from './row.ts';

/** A refusal of ours (class GD) or a privilege that is not there; any other error proves nothing. */
const REFUSED = /^(GD\d{3}|42501)$/;

interface Target {
	readonly name: string;
	readonly filling: 'empty' | 'filled';
	readonly insert: string;
	readonly set: string;
}

const TARGETS: readonly Target[] = [
	{
		name: 'governance_canonical_operation_vocab',
		filling: 'empty',
		insert: `(operation, verb, object, qualifiers, tools) values ('walk.attempt', 'walk', 'attempt', '{}', '[]')`,
		set: `verb = 'walk'`,
	},
	{
		name: 'dot_tools',
		filling: 'filled',
		insert: `(code, title, verb, object, description, version, path, channel, status)
			values ('DOT_WALK_ATTEMPT', 'walk', 'walk', 'attempt', 'walk', '1', 'walk', 'walk', 'active')`,
		set: `title = 'walk'`,
	},
];

function statements({ name, insert, set }: Target): Record<string, string> {
	const table = `public.${name}`;
	return {
		INSERT: `insert into ${table} ${insert}`,
		UPDATE: `update ${table} set ${set}`,
		DELETE: `delete from ${table}`,
		TRUNCATE: `truncate ${table} cascade`,
		DROP: `drop table ${table} cascade`,
		'DISABLE TRIGGER': `alter table ${table} disable trigger all`,
	};
}

/** Tries one statement in a transaction that is rolled back, so that a missing guard costs the demo nothing. */
async function attempt(client: pg.Client, sql: string): Promise<string> {
	await client.query('begin');
	try {
		await client.query(sql);
		return 'went through';
	} catch (error) {
		return codeOf(error);
	} finally {
		await client.query('rollback');
	}
}

async function fillingOf(client: pg.Client, name: string): Promise<'empty' | 'filled'> {
	const { rows } = await client.query<{ filled: boolean }>(`select exists (select 1 from public.${name}) as filled`);
	return rows[0]?.filled ? 'filled' : 'empty';
}

export const databaseGuard: Row = {
	id: 'E12',
	title: 'The database itself refuses',
	tried: `INSERT, UPDATE, DELETE, TRUNCATE, DROP, DISABLE TRIGGER in SQL as Directus's own role, on ${TARGETS.map(({ name, filling }) => `${name} (${filling})`).join(' and ')}`,
	expected: 'each refused: SQLSTATE GD… or 42501',
	run: ({ pg_url_directus }) =>
		withClient(pg_url_directus, async (client) => {
			const parts = [];
			for (const target of TARGETS) {
				const filling = await fillingOf(client, target.name);
				parts.push({ name: target.name, observed: filling, ok: filling === target.filling });
				for (const [verb, sql] of Object.entries(statements(target))) {
					const outcome = await attempt(client, sql);
					parts.push({ name: verb, observed: outcome, ok: REFUSED.test(outcome) });
				}
			}
			return combine(parts);
		}),
};
