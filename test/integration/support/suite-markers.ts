import { describe, expect, test } from 'vitest';
import { attempt, attemptAndUndo, type Statement } from './attempt.ts';
import { GATES_AND_MODES } from './impossible-rows.ts';
import { type Scene, undone } from './scene.ts';
import { CONTRACTS, EMPTY, rowAttacks, TOOLS, type Victim } from './table-attacks.ts';

const VICTIMS: [string, Victim][] = [
	['an empty table', EMPTY],
	['a filled table', TOOLS],
	['a filled table with a foreign key', CONTRACTS],
];

const REGISTER = `insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
	values (gen_random_uuid(), pg_current_xact_id(), '', '', 'test', '{}')`;

const writesOf = (victim: Victim): [string, Statement][] =>
	Object.entries(rowAttacks(victim)).filter(
		([name]) => !/^(SELECT|LOCK|TRUNCATE)/.test(name) && !/its own|invoker|DO block/.test(name),
	);

async function codesOf(
	client: Scene['superuser'],
	writes: [string, Statement][],
): Promise<Record<string, string | null>> {
	const codes: Record<string, string | null> = {};
	for (const [name, statement] of writes) codes[name] = (await attemptAndUndo(client, statement)).code;
	return codes;
}

/** Who counts as a canonical writer, and who does not. */
export function markersSuite(scene: () => Scene): void {
	describe.each(VICTIMS)('%s', (_, victim) => {
		test.each([
			['its owner', 'governance_owner', 'operator', /^GD001$/],
			['the operator as itself', null, 'operator', /^GD001$/],
			['a superuser', null, 'superuser', /^GD001$/],
			['a superuser in replica mode: the guards are ENABLE ALWAYS', null, 'replica', /^GD001$/],
			['governance_writer outside an apply', 'governance_writer', 'operator', /^GD003$/],
		] as const)('is not written by %s', async (_who, role, session, code) => {
			const client = session === 'operator' ? scene().operator : scene().superuser;
			const run = (prepare: string) =>
				undone(client, async () => {
					if (session === 'replica') await client.query('set local session_replication_role = replica');
					await client.query(prepare);
					if (role) await client.query(`set local role ${role}`);
					return codesOf(client, writesOf(victim));
				});
			for (const [name, found] of Object.entries(await run('select 1'))) expect.soft(found, name).toMatch(code);
			// Baseline: the same session, with this table's triggers off.
			const open = await run(`alter table ${victim.table} disable trigger user`);
			for (const [name, found] of Object.entries(open)) {
				expect
					.soft(found, `${name} without triggers`)
					.toBe(session === 'replica' ? null : foreignKeyCode(victim, name, found));
			}
		});

		test('is written by governance_writer within an apply, and by nobody truncated', async () => {
			const { operator, superuser } = scene();
			const open = await undone(operator, async () => {
				await operator.query(`set local role governance_writer; ${REGISTER}`);
				return codesOf(operator, writesOf(victim));
			});
			for (const [name, code] of Object.entries(open)) expect.soft(code, name).toBe(foreignKeyCode(victim, name, code));
			const truncate = rowAttacks(victim)['TRUNCATE'] as Statement;
			for (const client of [operator, superuser]) {
				await undone(client, async () => {
					if (client === operator) await client.query('set local role governance_owner');
					expect((await attemptAndUndo(client, truncate)).code).toBe('GD002');
				});
			}
			await undone(superuser, async () => {
				await superuser.query(
					`grant truncate on all tables in schema public to governance_writer; set local role governance_writer; ${REGISTER}`,
				);
				expect((await attemptAndUndo(superuser, truncate)).code).toBe('GD002');
			});
			await undone(superuser, async () => {
				const tables = [victim.table, CONTRACTS.table, 'public.governance_grants'];
				for (const table of tables) await superuser.query(`alter table ${table} disable trigger user`);
				expect((await attemptAndUndo(superuser, truncate)).code).toBeNull();
			});
		});
	});

	test('a row keeps the certificate of its apply, and loses it with itself', async () => {
		const { operator } = scene();
		await undone(operator, async () => {
			await operator.query(`set local role governance_writer; ${REGISTER}`);
			const insert = rowAttacks(EMPTY)['INSERT'] as Statement;
			await operator.query(insert.sql, insert.values);
			const certificate = `select c.row_key, a.transaction_id = pg_current_xact_id() as ours from governance.birth_certificates c
				join governance.applies a on a.id = c.apply_id where c.collection = 'governance_canonical_operation_vocab'`;
			expect((await operator.query(certificate)).rows).toEqual([{ row_key: 'planted', ours: true }]);
			expect(await attemptAndUndo(operator, `update ${EMPTY.table} set operation = 'renamed'`)).toMatchObject({
				code: 'GD003',
			});
			expect((await attempt(operator, `update ${EMPTY.table} set verb = 'other'`)).code).toBeNull();
			expect((await attempt(operator, `delete from ${EMPTY.table}`)).code).toBeNull();
			expect((await operator.query(certificate)).rows).toEqual([]);
		});
		// Baseline: without the gate the row is renamed, and its certificate names nothing.
		await undone(scene().superuser, async () => {
			const { superuser } = scene();
			await superuser.query(`alter table ${EMPTY.table} disable trigger user`);
			const insert = rowAttacks(EMPTY)['INSERT'] as Statement;
			await superuser.query(insert.sql, insert.values);
			expect((await attempt(superuser, `update ${EMPTY.table} set operation = 'renamed'`)).code).toBeNull();
		});
	});

	test('every registry row has exactly the certificate of an apply', async () => {
		const { superuser } = scene();
		for (const { table, key } of [TOOLS, CONTRACTS, EMPTY]) {
			const { rows } = await superuser.query(
				`select t.${key} from ${table} t full join (select * from governance.birth_certificates where collection = $1) c
					on c.row_key = t.${key} where t.${key} is null or c.row_key is null`,
				[table.replace('public.', '')],
			);
			expect(rows, table).toEqual([]);
		}
	});

	describe.each([
		['public.governance_evidence', 'body', `''`],
		['public.governance_reviews', 'reviewer', `'x'`],
		['governance.policy', 'jws', `'x'`],
		['governance.applies', 'operator', `'x'`],
	])('the ledger %s', (table, column, value) => {
		test('is append-only, for the writer within an apply too', async () => {
			const { superuser } = scene();
			const writes = [`update ${table} set ${column} = ${value} where false`, `delete from ${table} where false`];
			const run = (prepare: string) =>
				undone(superuser, async () => {
					await superuser.query(
						`grant all on ${table} to governance_writer; ${prepare}; set local role governance_writer; ${REGISTER}`,
					);
					return codesOf(
						superuser,
						writes.map((sql) => [sql, { sql }]),
					);
				});
			expect(Object.values(await run('select 1'))).toEqual(['GD001', 'GD001']);
			expect(Object.values(await run(`alter table ${table} disable trigger user`))).toEqual([null, null]);
		});
	});

	describe('fn_assert_safe_for_dot_action, asked by an executor', () => {
		const ask = async (begin: string, as = 'governance_reader', prepare = 'select 1') => {
			const { superuser } = scene();
			await superuser.query(begin);
			try {
				await superuser.query(`${prepare}; set local session authorization ${as}`);
				return await attempt(superuser, `select governance.fn_assert_safe_for_dot_action('DOT_KG_EXPLAIN')`);
			} finally {
				await superuser.query('rollback');
			}
		};
		const SAFE = 'begin isolation level repeatable read read only';

		test('says nothing to a reader in a read-only transaction with one snapshot', async () => {
			expect(await ask(SAFE)).toMatchObject({ code: null, message: '' });
		});

		test.each([
			['a transaction that may write', () => ask('begin isolation level repeatable read'), /not read only/],
			['a snapshot per statement', () => ask('begin read only'), /not repeatable read/],
			['a serializable transaction', () => ask('begin isolation level serializable read only'), /not repeatable read/],
			['the operator', () => ask(SAFE, 'governed_operator'), /may become a writer/],
			['a superuser', () => ask(SAFE, 'postgres'), /may become a writer/],
		])('refuses %s', async (_, asked, told) => {
			expect(await asked()).toMatchObject({ code: 'GD004', message: expect.stringMatching(told) });
		});

		test.each([
			['a table', 'grant insert on public.dot_tools to governance_reader'],
			['a column', 'grant update (title) on public.dot_tools to governance_reader'],
			['triggers', 'grant trigger on public.governance_gates to public'],
			['by way of another role', 'grant pg_write_all_data to governance_reader'],
		])('refuses a reader that may write %s', async (_, grant) => {
			const { superuser } = scene();
			await undone(superuser, async () => {
				await superuser.query(`set transaction isolation level repeatable read; ${grant}; set transaction read only;
					set local session authorization governance_reader`);
				const asked = await attempt(superuser, `select governance.fn_assert_safe_for_dot_action('DOT_KG_EXPLAIN')`);
				expect(asked).toMatchObject({ code: 'GD004', message: expect.stringMatching(/may write/) });
			});
		});

		test("is not for Directus's role", async () => {
			expect((await ask(SAFE, 'directus')).code).toBe('42501');
		});
	});

	test.each(GATES_AND_MODES)('%s cannot be stored, by anybody', async (_, { table, constraint, store }) => {
		const { superuser } = scene();
		await undone(superuser, async () => {
			await superuser.query(`alter table ${table} disable trigger user`);
			expect(await attemptAndUndo(superuser, store)).toMatchObject({ code: '23514' });
			await superuser.query(`alter table ${table} drop constraint ${constraint}`);
			expect((await attemptAndUndo(superuser, store)).code).toBeNull();
		});
	});
}

/** Some attacks only make sense without other rows that point here; that refusal is a foreign key's, not a guard's. */
function foreignKeyCode(victim: Victim, name: string, found: string | null): string | null {
	return victim === TOOLS && found === '23503' && /DELETE|delete/.test(name) ? found : null;
}
