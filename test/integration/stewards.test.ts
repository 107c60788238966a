import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applyDesiredState } from '../../src/adapters/postgres/registrar/apply.ts';
import { attempt } from './support/attempt.ts';
import { describeEachPostgres } from './support/each-postgres.ts';
import { appliedChanges, declared, faultsOf, plannedChanges, testSigner } from './support/governed-database.ts';
import { COPY_ATTACKS, PERMIT_ATTACKS } from './support/permit-attacks.ts';
import { connect, useScene } from './support/scene.ts';
import { GUARDS_ON, STEWARD_ROWS, STEWARD_TABLES, STEWARDED, take, takeCreate } from './support/steward-scene.ts';

describeEachPostgres((cluster) => {
	const scene = useScene(cluster);
	let two: pg.Client;

	beforeAll(async () => {
		const { directus, database } = scene();
		await directus.query(
			`create table public.laws (id serial primary key, body text); ${STEWARD_TABLES} ${STEWARD_ROWS}`,
		);
		appliedChanges(await database.apply(STEWARDED));
		two = await connect(database.directusUrl);
	});
	afterAll(() => two?.end());
	beforeEach(async () => {
		await scene().directus.query('rollback');
		await two.query('rollback');
	});

	const rows = async () =>
		(
			await scene().superuser.query(
				`select (select json_agg(p::text order by id) from public.prices p) as prices, (select json_agg(t::text order by id) from public.tags t) as tags`,
			)
		).rows[0];
	const codeOf = async (work: Promise<unknown>): Promise<string | null> =>
		work.then(
			() => null,
			(error: unknown) => (error instanceof pg.DatabaseError ? (error.code ?? '') : String(error)),
		);

	describe('what apply makes of it', () => {
		test('a second apply has nothing to do, and verify finds a grant too many', async () => {
			const { database, superuser } = scene();
			expect(await database.plan(STEWARDED)).toMatchObject({ kind: 'unchanged' });
			await superuser.query(
				'grant update (secret) on public.prices to directus; grant update on sequence public.prices_id_seq to directus',
			);
			expect(
				plannedChanges(await database.plan(STEWARDED)).map(({ subject, detail }) => `${subject}: ${detail}`),
			).toEqual(['prices.secret for directus: − UPDATE', 'public.prices_id_seq for directus: − UPDATE']);
			appliedChanges(await database.apply(STEWARDED));
			expect(await database.plan(STEWARDED)).toMatchObject({ kind: 'unchanged' });
		});

		test('Directus’s role holds exactly the privileges the rules need', async () => {
			const { rows: held } = await scene().superuser.query(
				`select c.relname || coalesce('.' || a.attname, '') as what, x.privilege_type as may
				from pg_class c left join pg_attribute a on false, aclexplode(c.relacl) x
				where c.relname in ('prices', 'tags', 'laws', 'prices_id_seq') and x.grantee = 'directus'::regrole
				union all select c.relname || '.' || a.attname, x.privilege_type
				from pg_attribute a join pg_class c on c.oid = a.attrelid, aclexplode(a.attacl) x
				where c.relname in ('prices', 'tags', 'laws') and x.grantee = 'directus'::regrole order by 1, 2`,
			);
			expect(held.map(({ what, may }) => `${what} ${may}`)).toEqual([
				'laws SELECT',
				'prices DELETE',
				'prices SELECT',
				'prices.name INSERT',
				'prices.name UPDATE',
				'prices.price INSERT',
				'prices.price UPDATE',
				'prices_id_seq USAGE',
				'tags SELECT',
				'tags.id INSERT',
				'tags.label INSERT',
				'tags.label UPDATE',
			]);
		});

		test('plan says that naming a steward loosens, and that leaving one out tightens', async () => {
			const without = { collections: { prices: {}, tags: {}, laws: {} } };
			const said = plannedChanges(await scene().database.plan(without)).map(
				({ subject, detail }) => `${subject}: ${detail}`,
			);
			expect(said).toContain('prices / editors: tightens: stewards no more');
			const more = structuredClone(STEWARDED.collections) as Record<string, { stewards?: unknown[] }>;
			more.laws = { stewards: [{ name: 'clerks', users: ['ann'], actions: ['update'], fields: '*' }] };
			const changes = plannedChanges(await scene().database.plan({ collections: more as never }));
			expect(changes).toContainEqual({
				action: 'add',
				area: 'policy',
				subject: 'laws / clerks',
				detail: 'loosens: users ann may update through Directus (fields: body, id)',
			});
		});

		test('plan names what only the table shows', async () => {
			const { directus, database } = scene();
			await directus.query(
				`create table public.odd (id numeric primary key, a text, b uuid default gen_random_uuid(), c float default random())`,
			);
			const stewards = [{ name: 'x', roles: ['r'], actions: ['create' as const], fields: ['a', 'nowhere'] }];
			const faults = faultsOf(await database.plan({ collections: { ...STEWARDED.collections, odd: { stewards } } }));
			expect(faults.map(({ problem }) => problem)).toEqual([
				expect.stringContaining('key of type numeric'),
				expect.stringContaining('names nowhere'),
				expect.stringContaining('without b'),
				expect.stringContaining('without c'),
			]);
			await directus.query('drop table public.odd');
		});
	});

	describe('lawful writes', () => {
		const written = async () =>
			(
				await scene().superuser.query(
					'select action, rules, principal, generation::int as generation, row_count::int as row_count, columns, row_keys from governance.steward_writes order by written_at desc limit 1',
				)
			).rows[0];
		const inTransaction = async (work: (client: pg.Client) => Promise<unknown>) => {
			const { directus } = scene();
			await directus.query('begin');
			await work(directus);
			await directus.query('commit');
		};

		test('an update, which the ledger names with who and which rule', async () => {
			await inTransaction(async (client) => {
				await take(client, { keys: ['1', '2'] });
				expect((await client.query('update public.prices set price = price + 1 where id in (1, 2)')).rowCount).toBe(2);
			});
			expect(await written()).toEqual({
				action: 'update',
				rules: ['editors'],
				principal: { user: 'ann' },
				generation: expect.any(Number),
				row_count: 2,
				columns: ['price'],
				row_keys: ['1', '2'],
			});
		});

		test('rows born of a steward carry a certificate that says so, and lose it when they go', async () => {
			let id = '';
			await inTransaction(async (client) => {
				await takeCreate(client);
				id = String(
					(await client.query(`insert into public.prices (name, price) values ('new', 5) returning id`)).rows[0]?.id,
				);
			});
			const certificate = `select c.apply_id, w.action from governance.birth_certificates c
				left join governance.steward_writes w on w.id = c.steward_write where c.collection = 'prices' and c.row_key = $1`;
			expect((await scene().superuser.query(certificate, [id])).rows).toEqual([{ apply_id: null, action: 'create' }]);
			await inTransaction(async (client) => {
				await take(client, { action: 'delete', rules: ['removers'], keys: [id] });
				await client.query('delete from public.prices where id = $1', [id]);
			});
			expect((await scene().superuser.query(certificate, [id])).rows).toEqual([]);
			expect(await written()).toMatchObject({ action: 'delete', row_count: 1, row_keys: [id] });
		});

		test('a uuid key that the maker names, and one in COPY', async () => {
			await inTransaction(async (client) => {
				const asked = { collection: 'tags', action: 'create', rules: ['taggers'], keys: null, rows: 1 };
				await take(client, asked);
				await client.query(`insert into public.tags (id, label) values (gen_random_uuid(), 'x')`);
				await take(client, { ...asked, rows: 2 });
				const copied = await attempt(client, {
					sql: 'copy public.tags (id, label) from stdin',
					copy: `${crypto.randomUUID()}\ta\n${crypto.randomUUID()}\tb\n`,
				});
				expect(copied.code).toBe(null);
			});
		});

		test('permits inside one another are spent by the statements they cover, in any order', async () => {
			await inTransaction(async (client) => {
				await take(client, { keys: ['1'] });
				await take(client, { keys: ['2'] });
				await client.query('update public.prices set price = 7 where id = 1');
				await client.query('update public.prices set price = 7 where id = 2');
			});
		});

		test('a write rolled back with its savepoint leaves the permit for the one that stays', async () => {
			await inTransaction(async (client) => {
				await take(client);
				await client.query('savepoint s');
				await client.query('update public.prices set price = 8 where id = 1');
				await client.query('rollback to savepoint s');
				await client.query('update public.prices set price = 9 where id = 1');
			});
		});

		test('an upsert with both permits, and MERGE with both', async () => {
			await inTransaction(async (client) => {
				await takeCreate(client);
				await take(client, { rules: ['namers'], keys: ['1'] });
				await client.query(
					`insert into public.prices (name) values ('x') on conflict (id) do update set name = 'never'`,
				);
				await takeCreate(client);
				await take(client, { rules: ['namers'], keys: ['1'] });
				await client.query(`merge into public.prices t using (values (1), (12345)) s (id) on t.id = s.id
					when matched then update set name = 'merged' when not matched then insert (name) values ('merged')`);
			});
		});

		test('what was taken and never used is swept away by a later one', async () => {
			const { directus, superuser } = scene();
			for (let n = 0; n < 5; n += 1) await inTransaction((client) => take(client));
			// Not before every transaction of the server that began earlier has ended, other tests' included.
			await expect
				.poll(
					async () => {
						await directus.query('begin');
						await take(directus);
						await directus.query('commit');
						return (await superuser.query('select count(*)::int as n from governance.permits')).rows[0]?.n;
					},
					{ timeout: 20_000 },
				)
				.toBeLessThanOrEqual(1);
		});

		test('apply itself still writes the table', async () => {
			const { operator } = scene();
			await operator.query(`begin; set local role governance_writer;
				insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary)
				values (gen_random_uuid(), pg_current_xact_id(), '', '', 'x', '{}');
				insert into public.tags values (gen_random_uuid(), 'by apply', 'anything');
				update public.tags set hidden = 'x' where label = 'by apply'; delete from public.tags where label = 'by apply'; rollback`);
			expect(
				await codeOf(
					operator.query(
						`begin; set local role governance_writer; insert into public.tags values (gen_random_uuid(), 'x', 'x')`,
					),
				),
			).toBe('GD006');
			await operator.query('rollback');
		});
	});

	describe('permits that are not given', () => {
		const REFUSED: Record<string, Parameters<typeof take>[1]> = {
			'a rule that does not exist': { rules: ['nobody'] },
			'a rule that exists beside one that does not': { rules: ['editors', 'nobody'] },
			'a rule of another action': { rules: ['makers'] },
			'a rule of another table': { rules: ['taggers'] },
			'no rule': { rules: [] },
			'null for a rule': { rules: null },
			'a table without stewards': { collection: 'laws' },
			'a table of the product': { collection: 'dot_tools' },
			'an action that does not exist': { action: 'truncate' },
			'an update of any row': { keys: null },
			'a create of any number': { action: 'create', rules: ['makers'], keys: null },
		};
		for (const [name, asked] of Object.entries(REFUSED)) {
			test(name, async () => {
				expect(await codeOf(take(scene().directus, asked))).toBe('GD006');
			});
		}

		test('in a snapshot that may still see rules that are gone', async () => {
			const { directus } = scene();
			for (const level of ['repeatable read', 'serializable']) {
				await directus.query(`begin isolation level ${level}`);
				expect(await codeOf(take(directus))).toBe('GD006');
				await directus.query('rollback');
			}
		});

		test('to anybody but Directus’s role', async () => {
			const { superuser } = scene();
			await superuser.query('begin; set local role governance_reader');
			expect(await codeOf(take(superuser))).toBe('42501');
			await superuser.query('rollback');
		});
	});

	describe('the tables behind it, as Directus’s role', () => {
		const FORGERIES: Record<string, string> = {
			'insert a permit': `insert into governance.permits (id, transaction_id, collection, action, rules, columns, principal, generation)
				values (gen_random_uuid(), pg_current_xact_id(), 'prices', 'update', '{}', '{secret}', '{}', 1)`,
			'widen a permit': `update governance.permits set columns = '{secret}'`,
			'read permits': 'select * from governance.permits',
			'add a rule': `insert into governance.steward_rules values ('laws', 'x', '{update}', '{body}', '{}')`,
			'widen a rule': `update governance.steward_rules set columns = '{secret}'`,
			'change what new rows hold': `update governance.steward_tables set defaults = '{}'`,
			'alter the ledger': `update governance.steward_writes set principal = '{}'`,
			'empty the ledger': 'delete from governance.steward_writes',
			'add to the ledger': `insert into governance.steward_writes (id, transaction_id, collection, action, rules, principal, generation, row_count, columns, row_keys)
				values (gen_random_uuid(), pg_current_xact_id(), 'prices', 'update', '{}', '{}', 1, 1, '{}', '{}')`,
			'use the gate as one’s own': `create table public.planted (id int); create trigger t after insert on public.planted
				referencing new table as new_rows for each statement execute function governance.fn_steward_gate('stewarded', 'id')`,
			'take the gate off': 'drop trigger governance_m_birth_update on public.prices',
			'switch the gate off': 'alter table public.prices disable trigger governance_m_birth_update',
			truncate: 'truncate public.prices',
			'set the sequence': `select setval('public.prices_id_seq', 1000)`,
		};
		for (const [name, sql] of Object.entries(FORGERIES)) {
			test(name, async () => {
				await scene().directus.query('begin');
				expect(await codeOf(scene().directus.query(sql))).toMatch(/^(42501|GD00\d)$/);
			});
		}

		test('even a superuser’s statement does not change the ledger, and nobody truncates the table', async () => {
			const { superuser } = scene();
			expect(await codeOf(superuser.query('delete from governance.steward_writes'))).toBe('GD001');
			expect(await codeOf(superuser.query('truncate public.prices'))).toBe('GD002');
		});

		test('a foreign-key action does not pass, whatever permit is open', async () => {
			const { directus, superuser } = scene();
			await directus.query(
				`create table public.parents (name text primary key); insert into public.parents values ('one')`,
			);
			await superuser.query(`alter table public.parents owner to directus; grant references on public.parents to governance_owner;
				alter table public.prices add constraint planted foreign key (note) references public.parents (name) on delete set null not valid`);
			await superuser.query(
				`begin; alter table public.prices disable trigger user; update public.prices set note = 'one' where id = 3; ${GUARDS_ON}; commit`,
			);
			await directus.query('begin');
			await take(directus, { keys: ['3'] });
			expect(await codeOf(directus.query(`delete from public.parents`))).toBe('GD001');
			await directus.query('rollback');
			await superuser.query('begin; alter table public.prices disable trigger user');
			expect((await superuser.query(`delete from public.parents`)).rowCount).toBe(1);
			expect((await superuser.query('select note from public.prices where id = 3')).rows).toEqual([{ note: null }]);
			await superuser.query('rollback; alter table public.prices drop constraint planted');
			await directus.query('drop table public.parents');
		});

		test('a transaction that carries the number of an apply is still no apply', async () => {
			const { directus, superuser } = scene();
			await superuser.query('grant update on public.prices to directus');
			await directus.query('begin');
			await take(directus);
			const {
				rows: [row],
			} = await directus.query('select pg_current_xact_id()::text as id');
			await superuser.query(`begin; set local role governance_writer`);
			await superuser.query(
				`insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary) values (gen_random_uuid(), $1::xid8, '', '', 'x', '{}')`,
				[row?.id],
			);
			await superuser.query('commit');
			expect(await codeOf(directus.query(`update public.prices set secret = 'x' where id = 1`))).toBe('GD006');
			await directus.query('rollback');
			await superuser.query('revoke update on public.prices from directus');
			appliedChanges(await scene().database.apply(STEWARDED));
		});

		for (const trigger of ['governance_a_assert_safe', 'governance_m_birth_update', 'governance_z_block_after']) {
			test(`without ${trigger} alone, nothing wider gets through`, async () => {
				const { directus, superuser } = scene();
				await superuser.query(
					`grant update on public.prices to directus; alter table public.prices disable trigger ${trigger}`,
				);
				await directus.query('begin');
				await take(directus);
				expect(await codeOf(directus.query(`update public.prices set secret = 'x' where id = 1`))).toMatch(
					/^GD00[16]$/,
				);
				await directus.query('rollback');
				await superuser.query(
					`revoke update on public.prices from directus; alter table public.prices enable always trigger ${trigger}`,
				);
			});
		}
	});

	describe('attacks on permits', () => {
		beforeAll(async () => {
			appliedChanges(await scene().database.apply(STEWARDED));
		});
		const attack = async (run: (attackers: { one: pg.Client; two: pg.Client }) => Promise<unknown>) => {
			const { directus } = scene();
			const code = await codeOf(run({ one: directus, two }));
			await directus.query('rollback');
			return code;
		};
		const ALL: Record<string, (attackers: { one: pg.Client; two: pg.Client }) => Promise<unknown>> = {
			...PERMIT_ATTACKS,
			...Object.fromEntries(
				Object.entries(COPY_ATTACKS).map(([name, statement]) => [
					name,
					async ({ one }: { one: pg.Client }) => {
						await one.query('begin');
						await takeCreate(one);
						const { code, message } = await attempt(one, statement);
						if (code !== null) throw Object.assign(new pg.DatabaseError(message, 0, 'error'), { code });
						await one.query('commit');
					},
				]),
			),
		};
		for (const [name, run] of Object.entries(ALL)) {
			test(name, async () => {
				const { superuser } = scene();
				const before = await rows();
				expect(await attack(run)).toMatch(/^(42501|GD00[1-6])$/);
				expect(await rows()).toEqual(before);

				// The permits alone, without the help of missing privileges.
				await superuser.query('grant insert, update, delete on public.prices, public.tags to directus');
				try {
					expect(await attack(run)).toMatch(/^GD00[1-6]$/);
					expect(await rows()).toEqual(before);
					expect(await withoutPermits(() => attack(run))).not.toEqual(before);
				} finally {
					await superuser.query('revoke insert, update, delete on public.prices, public.tags from directus');
					appliedChanges(await scene().database.apply(STEWARDED));
				}
			});
		}

		/** Nobody checks permits: the rows that the same attack leaves. They are put back afterwards. */
		async function withoutPermits(work: () => Promise<string | null>): Promise<unknown> {
			const { superuser } = scene();
			await superuser.query(`create table public.kept_prices as select * from public.prices;
				create table public.kept_tags as select * from public.tags;
				alter table public.prices disable trigger user; alter table public.tags disable trigger user`);
			try {
				expect(await work()).toBe(null);
				return await rows();
			} finally {
				await superuser.query(`delete from public.prices; insert into public.prices select * from public.kept_prices;
					delete from public.tags; insert into public.tags select * from public.kept_tags;
					drop table public.kept_prices, public.kept_tags; ${GUARDS_ON}`);
			}
		}
	});

	describe('a policy that changes meanwhile', () => {
		const without = { collections: { ...STEWARDED.collections, prices: {} } };

		test('waits for the write under way, and the next one is refused', async () => {
			const { directus, database } = scene();
			await directus.query('begin');
			await take(directus);
			let applied = false;
			const apply = database.apply(without).then((outcome) => {
				applied = true;
				return outcome;
			});
			await new Promise((resolve) => setTimeout(resolve, 500));
			expect(applied).toBe(false);
			await directus.query('update public.prices set price = 11 where id = 1');
			await directus.query('commit');
			appliedChanges(await apply);
			await directus.query('begin');
			expect(await codeOf(take(directus))).toBe('GD006');
			await directus.query('rollback');
			expect(await codeOf(directus.query('update public.prices set price = 12 where id = 1'))).toBe('42501');
			appliedChanges(await database.apply(STEWARDED));
		});

		test('waits for a prepared write too, so that none is committed under rules that are gone', async () => {
			const { directus, database } = scene();
			await directus.query('begin');
			await take(directus);
			await directus.query('update public.prices set price = 14 where id = 1');
			await directus.query(`prepare transaction 'steward'`);
			let applied = false;
			const apply = database.apply(without).finally(() => {
				applied = true;
			});
			await new Promise((resolve) => setTimeout(resolve, 500));
			expect(applied).toBe(false);
			await directus.query(`commit prepared 'steward'`);
			appliedChanges(await apply);
			appliedChanges(await database.apply(STEWARDED));
		});

		test('a rule that loses a column gives no permit for it any more', async () => {
			const { directus, database } = scene();
			const narrower = structuredClone(STEWARDED.collections) as Record<
				string,
				{ stewards: { name: string; fields: unknown }[] }
			>;
			for (const each of narrower.prices?.stewards ?? []) if (each.name === 'editors') each.fields = ['weight'];
			appliedChanges(await database.apply({ collections: narrower as never }));
			await scene().superuser.query('grant update on public.prices to directus');
			await directus.query('begin');
			await take(directus);
			expect(await codeOf(directus.query('update public.prices set price = 13 where id = 1'))).toBe('GD006');
			await directus.query('rollback');
			appliedChanges(await database.apply(STEWARDED));
		});
	});

	describe('strength single-role: Directus’s role owns the table', () => {
		test('the triggers alone hold what the rules do not give', async () => {
			const { directus, database } = scene();
			const single = { ...STEWARDED, strength: 'single-role' as const };
			appliedChanges(await database.apply(single));
			expect(await database.plan(single)).toMatchObject({ kind: 'unchanged' });
			const before = await rows();
			for (const [name, run] of Object.entries(PERMIT_ATTACKS)) {
				const code = await codeOf(run({ one: directus, two }));
				await directus.query('rollback');
				expect(code, name).toMatch(/^GD00[1-6]$/);
			}
			expect(await rows()).toEqual(before);
			await directus.query('begin');
			await take(directus);
			await directus.query('update public.prices set price = 21 where id = 1');
			await directus.query('commit');
			appliedChanges(await database.apply(STEWARDED));
		});
	});

	test('a table that leaves the declaration goes back without grants of ours', async () => {
		const { database, superuser } = scene();
		const signer = await testSigner();
		const outcome = await applyDesiredState(database.operatorUrl, declared({ collections: { laws: {} } }), signer, {
			commit: false,
		});
		expect(outcome.kind).not.toBe('refused');
		appliedChanges(await database.apply({ collections: { laws: {} } }));
		const { rows: left } = await superuser.query(
			`select a.attname from pg_attribute a where a.attrelid = 'public.prices'::regclass and a.attacl is not null and cardinality(a.attacl) > 0
			union all select 'owner' from pg_class where oid = 'public.prices'::regclass and relowner <> 'directus'::regrole`,
		);
		expect(left).toEqual([]);
		expect((await superuser.query('select count(*)::int as n from governance.steward_rules')).rows).toEqual([{ n: 0 }]);
	});
});
