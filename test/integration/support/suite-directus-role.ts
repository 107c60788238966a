import { describe, expect, test } from 'vitest';
import { attempt, attemptAndUndo, DENIED, type Statement } from './attempt.ts';
import { ROLE_ATTACKS, SCHEMA_ATTACKS } from './role-attacks.ts';
import { connect, type Scene, undone } from './scene.ts';
import { snapshotOf } from './snapshot.ts';
import { CONTRACTS, EMPTY, rowAttacks, structureAttacks, TOOLS, type Victim } from './table-attacks.ts';
import { type Baseline, withoutGuards } from './unguarded.ts';

type Attacks = Record<string, Statement>;
type Codes = Record<string, string | null>;

/** PostgreSQL's answer to a GRANT or REVOKE by somebody who may not: a warning that it did nothing. */
const DID_NOTHING = new Set(['01006', '01007']);

const VICTIMS: [string, Victim][] = [
	['an empty table', EMPTY],
	['a filled table', TOOLS],
	['a filled table with a foreign key', CONTRACTS],
];

/** Each attack as Directus's role, committed; then the same where nothing is guarded, undone. */
async function expectRefused({ directus, superuser }: Scene, attacks: Attacks, baseline: Baseline = {}): Promise<void> {
	const before = await snapshotOf(superuser);
	const refused: Codes = {};
	for (const [name, statement] of Object.entries(attacks)) {
		const notices: string[] = [];
		const listen = ({ code }: { code: string | undefined }) => notices.push(code ?? '');
		directus.on('notice', listen);
		await directus.query('begin');
		const { code } = await attempt(directus, statement);
		await directus.query('commit');
		directus.off('notice', listen);
		refused[name] = code ?? (notices.some((notice) => DID_NOTHING.has(notice)) ? '42501' : 'it went through');
	}
	const open = await withoutGuards(superuser, () => attemptEach(superuser, attacks), baseline);
	expect(await snapshotOf(superuser)).toBe(before);
	for (const name of Object.keys(attacks)) {
		expect.soft(refused[name], `${name}: refused`).toMatch(DENIED);
		expect.soft(open[name], `${name}: goes through without the guards`).toBeNull();
	}
}

async function attemptEach(client: Scene['superuser'], attacks: Attacks): Promise<Codes> {
	const codes: Codes = {};
	for (const [name, statement] of Object.entries(attacks)) codes[name] = (await attemptAndUndo(client, statement)).code;
	return codes;
}

/** WRITE-PATHS row 21 and more, as Directus's own role over its own connection. */
export function directusRoleSuite(scene: () => Scene): void {
	describe.each(VICTIMS)("Directus's role in SQL on %s", (_, victim) => {
		test('changes no row', () => expectRefused(scene(), rowAttacks(victim)));
		test('changes no structure, guard or right', () => expectRefused(scene(), structureAttacks(victim)));
	});

	test("Directus's role becomes nobody else and switches nothing off", () =>
		expectRefused(scene(), ROLE_ATTACKS, { superuser: true }));

	test("Directus's role reaches nothing inside schema governance", () => expectRefused(scene(), SCHEMA_ATTACKS));

	test('ends no session of the operator', async () => {
		const { directus, superuser, database } = scene();
		const operator = await connect(database.operatorUrl);
		const { rows } = await operator.query<{ pid: number }>('select pg_backend_pid() as pid');
		const end = { sql: 'select pg_terminate_backend($1)', values: [rows[0]?.pid] };
		expect((await attempt(directus, end)).code).toBe('42501');
		expect((await operator.query('select 1')).rowCount).toBe(1);
		// Baseline: whoever may, ends it with the same statement.
		expect((await attempt(superuser, end)).code).toBeNull();
		await expect(operator.query('select 1')).rejects.toThrow();
	});

	test('may announce a policy that is not there: harmless, nothing is stored', async () => {
		const { directus, superuser } = scene();
		const before = await snapshotOf(superuser);
		expect((await attempt(directus, `notify governance_policy, '99'`)).code).toBeNull();
		expect(await snapshotOf(superuser)).toBe(before);
	});

	describe.each(VICTIMS)('each layer alone, on %s', (_, victim) => {
		test('triggers refuse writes although every privilege was granted', async () => {
			const { superuser } = scene();
			const writes = Object.entries(rowAttacks(victim)).filter(([name]) => !/^(SELECT|LOCK)/.test(name));
			const codes = await undone(superuser, async () => {
				await superuser.query('grant all on all tables in schema public to directus; set local role directus');
				return attemptEach(superuser, Object.fromEntries(writes));
			});
			for (const [name, code] of Object.entries(codes))
				expect.soft(code, name).toBe(name.startsWith('TRUNCATE') ? 'GD002' : 'GD001');
		});

		test('missing privileges refuse writes although every trigger is off', async () => {
			const { superuser } = scene();
			const codes = await undone(superuser, async () => {
				await superuser.query(`alter table ${victim.table} disable trigger user; set local role directus`);
				return attemptEach(superuser, rowAttacks(victim));
			});
			for (const [name, code] of Object.entries(codes)) expect.soft(code, name).toBe('42501');
		});
	});

	test('an empty table is guarded, where a row trigger would have said nothing', async () => {
		const { superuser } = scene();
		const attacks = ['UPDATE', 'DELETE', 'TRUNCATE CASCADE', 'INSERT of nothing'].map(
			(name) => rowAttacks(EMPTY)[name] as Statement,
		);
		await undone(superuser, async () => {
			await superuser.query(`alter table ${EMPTY.table} disable trigger user;
				create function public.row_guard() returns trigger language plpgsql as $$ begin raise 'row guard'; end $$;
				create trigger row_guard before insert or update or delete on ${EMPTY.table}
					for each row execute function public.row_guard()`);
			for (const attack of attacks) expect((await attemptAndUndo(superuser, attack)).code).toBeNull();
		});
		await undone(superuser, async () => {
			for (const attack of attacks) expect((await attemptAndUndo(superuser, attack)).code).toMatch(/^GD00[12]$/);
		});
	});
}
