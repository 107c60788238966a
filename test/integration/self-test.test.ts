import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { withClient } from '../../instance/roles.ts';
import { createCatalogueWatch } from '../../src/adapters/postgres/catalogue-watch.ts';
import { marksAbove } from '../../src/adapters/postgres/generation-marks.ts';
import { createSelfTest } from '../../src/adapters/postgres/self-test.ts';
import type { GovernanceDeclaration } from '../../src/config/schema.ts';
import { type PolicyDocument, policyDocumentSchema } from '../../src/contracts/policy.ts';
import { appliedChanges, collections } from './support/governed-database.ts';
import { useScene } from './support/scene.ts';

const scene = useScene(() => inject('cluster'));
const DECLARED = collections('articles', 'Prices');

/** The policy that was applied last, as signed. */
async function policyOf({ superuserUrl }: { superuserUrl: string }): Promise<PolicyDocument> {
	const { rows } = await withClient(superuserUrl, (client) =>
		client.query<{ jws: string }>('select jws from governance.policy order by generation desc limit 1'),
	);
	const payload = Buffer.from(String(rows[0]?.jws.split('.')[1]), 'base64url').toString('utf8');
	return policyDocumentSchema.parse(JSON.parse(payload));
}

let pool: pg.Pool;
let policy: PolicyDocument;

beforeAll(async () => {
	await scene().directus.query(`create table public.articles (id serial primary key, title text);
		create table public."Prices" (id uuid primary key);
		insert into public.articles (title) values ('one');
		insert into public.directus_collections (collection) values ('articles')`);
	appliedChanges(await scene().database.apply(DECLARED));
	pool = new pg.Pool({ connectionString: scene().database.directusUrl, max: 2 });
	pool.on('error', () => undefined);
	policy = await policyOf(scene().database);
});

afterAll(async () => {
	await pool.end();
	expect(await scene().database.plan(DECLARED)).toMatchObject({ kind: 'unchanged' });
});

const drift = () => createCatalogueWatch(pool).drift(policy);
const tried = async (): Promise<Record<string, string>> => {
	const controls = await createSelfTest(pool, () => 'now').run(policy);
	return Object.fromEntries(controls.map(({ id, state, detail }) => [id, `${state}: ${detail}`]));
};
const superuser = (sql: string) => scene().superuser.query(sql);

/** Runs `change` as a superuser, committed, and undoes it with `undo` whatever `check` finds. */
async function whileChanged(change: string, undo: string, check: () => Promise<void>): Promise<void> {
	await superuser(change);
	try {
		await check();
	} finally {
		await superuser(undo);
	}
}

test('a governed database: nothing is off, and every kind of write was seen refused', async () => {
	expect(await drift()).toEqual([]);
	const before = (await superuser('select t::text from public.articles t')).rows;
	const { rows: logged } = await superuser(`select pg_current_xact_id_if_assigned() is null as idle`);
	expect(logged[0]?.idle).toBe(true);
	expect(Object.values(await tried()).filter((line) => !line.startsWith('demonstrated: '))).toEqual([]);
	expect((await superuser('select t::text from public.articles t')).rows).toEqual(before);
});

const RESTORE = (table: string, name: string) => `alter table ${table} enable always trigger ${name}`;
const METADATA_ON = `alter table public.directus_collections enable always trigger governance_metadata_guard, enable always trigger governance_metadata_last_look, enable always trigger governance_metadata_truncate`;
const OFF: Record<string, { change: string; undo: string; says: RegExp; control?: [id: string, says: RegExp] }> = {
	'a disabled guard': {
		change: 'alter table public.articles disable trigger governance_a_assert_safe',
		undo: RESTORE('public.articles', 'governance_a_assert_safe'),
		says: /^trigger governance_a_assert_safe on public.articles is not enabled always$/,
	},
	'a guard that fires in ordinary sessions only': {
		change: 'alter table public.articles enable trigger governance_z_block_after',
		undo: RESTORE('public.articles', 'governance_z_block_after'),
		says: /governance_z_block_after on public.articles is not enabled always/,
	},
	'a privilege too many': {
		change: 'grant insert on public.articles to directus; alter table public.articles disable trigger user',
		undo: `revoke insert on public.articles from directus; ${['a_assert_safe', 'z_block_after', 'm_birth_insert', 'm_birth_update', 'm_birth_delete'].map((name) => RESTORE('public.articles', `governance_${name}`)).join('; ')}`,
		says: /^Directus's role holds INSERT on public.articles$/,
		control: ['database.insert', /^failed: not refused on public.articles$/],
	},
	'a privilege on one column, for everybody': {
		change: 'grant update (title) on public.articles to public',
		undo: 'revoke update (title) on public.articles from public',
		says: /holds UPDATE \(title\) on public.articles/,
	},
	'a TRUNCATE that nothing stops': {
		change:
			'grant truncate on public.articles to directus; alter table public.articles disable trigger governance_a_assert_safe',
		undo: `revoke truncate on public.articles from directus; ${RESTORE('public.articles', 'governance_a_assert_safe')}`,
		says: /holds TRUNCATE/,
		control: ['database.truncate', /^failed: not refused on public.articles$/],
	},
	'another owner': {
		change: 'alter table public.articles owner to directus',
		undo: 'alter table public.articles owner to governance_owner; grant select on public.articles to directus, governance_reader; grant select, insert, update, delete on public.articles to governance_writer',
		says: /^public.articles belongs to directus$/,
	},
	'a planted trigger': {
		change: `create function public.planted() returns trigger language plpgsql as $$ begin return null; end $$;
			create trigger planted before insert on public.articles for each row execute function public.planted()`,
		undo: 'drop function public.planted cascade',
		says: /^public.articles has a foreign trigger planted$/,
	},
	'a rule': {
		change: 'create rule planted as on insert to public.articles do also nothing',
		undo: 'drop rule planted on public.articles',
		says: /has a rewrite rule/,
	},
	'row security': {
		change: 'alter table public.articles enable row level security',
		undo: 'alter table public.articles disable row level security',
		says: /has row security/,
	},
	'an heir': {
		change: 'create table public.heir () inherits (public.articles)',
		undo: 'drop table public.heir',
		says: /takes part in inheritance/,
	},
	'a cascading key': {
		change: 'alter table public.articles add other integer references public.articles on delete cascade',
		undo: 'alter table public.articles drop other',
		says: /has foreign key articles_other_fkey with an action/,
	},
	'content versioning': {
		change: `alter table public.directus_collections disable trigger user; update public.directus_collections set versioning = true where collection = 'articles'; alter table public.directus_collections enable always trigger governance_metadata_guard, enable always trigger governance_metadata_last_look, enable always trigger governance_metadata_truncate`,
		undo: `alter table public.directus_collections disable trigger user; update public.directus_collections set versioning = false where collection = 'articles'; alter table public.directus_collections enable always trigger governance_metadata_guard, enable always trigger governance_metadata_last_look, enable always trigger governance_metadata_truncate`,
		says: /content versioning is on for public.articles/,
	},
	'a description edited while its guard was off': {
		change: `alter table public.directus_collections disable trigger user; update public.directus_collections set hidden = true where collection = 'articles'; ${METADATA_ON}`,
		undo: `alter table public.directus_collections disable trigger user; update public.directus_collections set hidden = false where collection = 'articles'; ${METADATA_ON}`,
		says: /^the description of articles is not the signed one$/,
	},
	'a metadata guard that is off': {
		change: 'alter table public.directus_fields disable trigger user',
		undo: `alter table public.directus_fields enable always trigger governance_metadata_guard, enable always trigger governance_metadata_last_look, enable always trigger governance_metadata_truncate`,
		says: /on public.directus_fields is not enabled always/,
		control: ['database.metadata', /^failed: not refused on directus_fields$/],
	},
	'a function body replaced': {
		change: `create or replace function governance.block_after_guard() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$ begin return null; end $$`,
		undo: '',
		says: /^function governance.block_after_guard\(\) is not what this package ships$/,
	},
	'a guard that sees its own owner': {
		change: 'alter function governance.fn_assert_safe_for_dot_action() security definer',
		undo: 'alter function governance.fn_assert_safe_for_dot_action() security invoker',
		says: /fn_assert_safe_for_dot_action\(\) is not what this package ships/,
	},
	'a description the metadata guards forget': {
		change: `alter table governance.governed_collections disable trigger user; update governance.governed_collections set collection = 'other' where collection = 'articles'`,
		undo: `update governance.governed_collections set collection = 'articles' where collection = 'other'; ${['a_assert_safe', 'z_block_after'].map((name) => RESTORE('governance.governed_collections', `governance_${name}`)).join('; ')}`,
		says: /the database does not know that articles is governed/,
	},
	'a schema everybody may create in': {
		change: 'grant create on schema governance to directus',
		undo: 'revoke create on schema governance from directus',
		says: /^directus may create in schema governance$/,
	},
	'a catalogue that may not be read': {
		change: 'revoke select on governance.governed_collections from directus',
		undo: 'grant select on governance.governed_collections to directus',
		says: /^the catalogue could not be read \(SQLSTATE 42501\)$/,
	},
	'a table that is gone': {
		change: 'alter table public.articles rename to moved',
		undo: 'alter table public.moved rename to articles',
		says: /^table public.articles is missing$/,
		control: ['database.insert', /^not_demonstrated: not shown for public.articles/],
	},
};

describe('each of these is named, and seen no more once it is mended', () => {
	const watch = () => createCatalogueWatch(pool);

	test.each(Object.entries(OFF))('%s', async (name, { change, undo, says, control }) => {
		// One watch for the whole test: what it remembers must not outlive a change.
		const one = watch();
		expect(await one.drift(policy)).toEqual([]);
		const body = (await superuser(`select pg_get_functiondef('governance.block_after_guard()'::regprocedure) as body`))
			.rows[0]?.body;
		await whileChanged(change, name === 'a function body replaced' ? String(body) : undo, async () => {
			const found = await one.drift(policy);
			expect(
				found.some((line) => says.test(line)),
				found.join('\n'),
			).toBe(true);
			if (control) expect((await tried())[control[0]]).toMatch(control[1]);
		});
		expect(await one.drift(policy)).toEqual([]);
	});
});

describe('where Directus’s role stays the owner', () => {
	const single = useScene(() => inject('cluster'));

	test('its tables may be its own, and guards alone refuse its writes', async () => {
		const { database, directus } = single();
		await directus.query('create table public.articles (id serial primary key, title text)');
		const change = { ...collections('articles'), strength: 'single-role' as const };
		appliedChanges(await database.apply(change));
		const own = new pg.Pool({ connectionString: database.directusUrl, max: 1 });
		try {
			const subject = await policyOf(database);
			expect(await createCatalogueWatch(own).drift(subject)).toEqual([]);
			const controls = await createSelfTest(own, () => 'now').run(subject);
			expect(controls.filter(({ state }) => state !== 'demonstrated')).toEqual([]);
			expect(controls[0]?.detail).toMatch(/1 by guards/);

			await directus.query('alter table public.articles disable trigger governance_a_assert_safe');
			expect(await createCatalogueWatch(own).drift(subject)).toEqual([
				'trigger governance_a_assert_safe on public.articles is not enabled always',
			]);
			const off = await createSelfTest(own, () => 'now').run(subject);
			expect(off.map(({ id, state }) => `${id} ${state}`)).toContain('database.truncate failed');
		} finally {
			await own.end();
		}
	});
});

describe('the role of Directus', () => {
	test('another one than the policy names', async () => {
		expect(await createCatalogueWatch(pool).drift({ ...policy, directus_role: 'somebody' })).toEqual([
			'Directus connects as directus, and the policy was applied for somebody',
		]);
	});
});

test('a table that somebody holds locked is tried again, and counts as not shown while it stays so', async () => {
	await superuser('begin; lock table public.articles in access exclusive mode');
	try {
		// Locks come after privileges here, so only a role that owns the table could wait at all.
		expect((await tried())['database.truncate']).toMatch(/^demonstrated/);
	} finally {
		await superuser('rollback');
	}
});

describe('a table that stewards may write', () => {
	const stewarded = useScene(() => inject('cluster'));

	test('holds exactly the privileges its rules need, and refuses for want of a permit', async () => {
		const { database, directus, superuser: root } = stewarded();
		await directus.query('create table public.articles (id serial primary key, title text, price integer)');
		const rule = { name: 'editors', roles: ['11111111-1111-4111-8111-111111111111'], policies: [], users: [] };
		const change = {
			collections: {
				articles: { stewards: [{ ...rule, actions: ['create', 'update', 'delete'], fields: ['title'] }] },
			},
		} as Partial<GovernanceDeclaration>;
		appliedChanges(await database.apply(change));
		const own = new pg.Pool({ connectionString: database.directusUrl, max: 1 });
		try {
			const subject = await policyOf(database);
			const look = () => createCatalogueWatch(own).drift(subject);
			expect(await look()).toEqual([]);
			const controls = await createSelfTest(own, () => 'now').run(subject);
			expect(controls.filter(({ state }) => state !== 'demonstrated')).toEqual([]);
			expect(controls.find(({ id }) => id === 'database.update')?.detail).toMatch(/1 by guards/);
			await root.query('grant update (price) on public.articles to directus');
			expect(await look()).toEqual(["Directus's role holds UPDATE (price) on public.articles"]);
			await root.query(
				'revoke update (price) on public.articles from directus; grant update on public.articles to directus',
			);
			expect(await look()).toEqual(["Directus's role holds UPDATE on public.articles"]);
		} finally {
			await own.end();
		}
	});
});

describe('an older policy that a superuser puts back', () => {
	const rolled = useScene(() => inject('cluster'));

	test('is noticed by a process that remembers nothing, and mended by the next apply', async () => {
		const { database, directus, superuser: root } = rolled();
		const outcome = await database.apply({ visibility: { posture: 'admin', evidence: 'admin' } });
		if (outcome.kind !== 'applied') throw new Error('nothing changed');
		const above = (generation: number) => marksAbove(directus, generation);
		expect(await above(outcome.generation)).toEqual([]);
		await root.query(`begin; alter table governance.policy disable trigger user;
			delete from governance.policy where generation = (select max(generation) from governance.policy);
			alter table governance.policy enable always trigger governance_a_assert_safe, enable always trigger governance_z_block_after; commit`);
		const marks = await above(outcome.generation - 1);
		expect(marks).toHaveLength(1);
		// Directus's role may append what it likes: a claim nobody signed is read, and counts for nothing.
		await directus.query('select governance.append_evidence($1)', [
			JSON.stringify([
				{ id: crypto.randomUUID(), body: '{"generation":999,"kind":"apply","mark":"e30.e30.AAAA"}' },
				{ id: crypto.randomUUID(), body: '{"generation":99999999999999999999,"kind":"apply","mark":"x"}' },
				{ id: crypto.randomUUID(), body: 'no json at all: "kind":"apply" "generation":7,' },
			]),
		]);
		expect(await above(outcome.generation - 1)).toContain(marks[0]);
		const again = await database.apply();
		expect(again).toMatchObject({ kind: 'applied', generation: outcome.generation + 1 });
		const { rows } = await root.query(`explain select 1 from public.governance_evidence
			where position(decode('226b696e64223a226170706c7922', 'hex') in body) > 0 order by entry_index desc`);
		await root.query('set enable_seqscan = off');
		expect(
			JSON.stringify(rows) +
				JSON.stringify(
					(
						await root.query(`explain select 1 from public.governance_evidence
			where position(decode('226b696e64223a226170706c7922', 'hex') in body) > 0 order by entry_index desc`)
					).rows,
				),
		).toContain('governance_evidence_applies');
	});
});
