import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, at } from '../../instance/http.ts';
import { withClient } from '../../instance/roles.ts';
import { type GuardedInstance, refusalOf, startGuardedInstance } from './support/guarded-instance.ts';

const BUNDLE = 'directus-extension-governed-dispatch';
/** `GUARD_RELOADS=1000` for the full count: each reload imports every extension anew, which costs time and some 5 MB for good. */
const RELOADS = Number(process.env.GUARD_RELOADS ?? 200);
/** Reloads asked for at a time, so that each request ends long before its limit. */
const AT_A_TIME = 25;
const WRITERS = 3;
/** A busy machine is no reason to fail: on a quiet one this takes a minute. */
const RELOADS_LIMIT_MS = 1_200_000;
const SUPPORT = fileURLToPath(new URL('./support/', import.meta.url));
const CONFIG = join(SUPPORT, 'guard.config.ts');
/** Without the app, a reload does not bundle the Studio's side anew, which takes a second each. */
const ENV = { SERVE_APP: 'false', EXTENSIONS_MUST_LOAD: 'false', NODE_OPTIONS: '--max-old-space-size=8192' };

let instance: GuardedInstance;
let governedRows: string;
let home: string;

beforeAll(async () => {
	instance = await startGuardedInstance(inject('cluster'));
	home = join(instance.folder, 'directus');
	await cp(join(SUPPORT, 'early'), join(home, 'extensions', 'a-early'), { recursive: true });
	await instance.restartDirectus(ENV);
	governedRows = await instance.snapshot('gov_items');
});

afterAll(() => instance?.stop());

const asSuperuser = (sql: string, values: unknown[] = []) =>
	withClient(instance.database.superuserUrl, (client) => client.query(sql, values));
const admin = (path: string, body?: unknown): Promise<Answer> =>
	instance.as(instance.adminToken, path, body === undefined ? {} : { method: 'POST', body });
const hostile = (attack: string) => admin(`/hostile/${attack}`, {});

const dispatch = async () =>
	refusalOf(
		await admin('/governance/dispatch', {
			tool: 'DOT_KG_EXPLAIN',
			mode: 'PLAN_ONLY',
			correlation_id: `unguarded-${Math.random()}`,
		}),
	).reason;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 30_000;
	while (Date.now() < end) {
		if (await holds().catch(() => false)) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	throw new Error(`it did not come to that in 30 s: ${what}`);
}

const healthy = async () => (await admin('/governance/health')).status === 200;

/** Everything that writes, against the governed table and its free twin: with a token, without, past events, past Directus. */
const ATTACKS: Record<string, (collection: string) => Promise<Answer>> = {
	'REST create': (collection) => admin(`/items/${collection}`, { title: 'attack' }),
	'service with events off': (collection) => hostile(`createOne/${collection}`),
	'knex insert': (collection) => hostile(`knexInsert/${collection}`),
	'knex update': (collection) => hostile(`knexUpdate/${collection}`),
};

/** No attack gets through, and `free` (which of them write the twin in this state) shows that each could. */
async function nothingPasses(free: readonly string[]): Promise<void> {
	for (const [name, attack] of Object.entries(ATTACKS)) {
		const answer = await attack('gov_items');
		expect(answer.status, `${name}: ${answer.text}`).toBeGreaterThanOrEqual(400);
		const twin = await attack('free_items');
		if (free.includes(name)) expect(twin.status, `${name} on the twin: ${twin.text}`).toBe(200);
	}
	expect(await instance.snapshot('gov_items')).toBe(governedRows);
}

/** Posture and health are red with the reason, a dispatch is held, reads go on, and nothing is written. */
async function everythingHolds(reason: string, says: RegExp): Promise<void> {
	const { body } = await admin('/governance/posture');
	expect(at(body, 'data', 'hold', 'reason')).toBe(reason);
	expect(String(at(body, 'data', 'hold', 'detail'))).toMatch(says);
	const alarms = at(body, 'data', 'alarms') as { code: string; detail: string }[];
	expect(alarms.some(({ code, detail }) => code === 'HOLD' && says.test(detail))).toBe(true);
	if (reason === 'DATABASE_GUARD_NOT_DEMONSTRATED') {
		expect(alarms.some(({ code, detail }) => code === 'GUARD_FAILED' && says.test(detail))).toBe(true);
	}
	const health = await admin('/governance/health');
	expect(health.status).toBe(503);
	expect(refusalOf(health)).toMatchObject({ code: 'GOVERNANCE_HOLD', reason });
	expect(await dispatch()).toBe('GOVERNANCE_HOLD');
	expect((await admin('/items/gov_items')).status).toBe(200);
	expect((await admin('/items/free_items')).status).toBe(200);
	const held = await admin('/items/free_items', { title: 'held' });
	expect(refusalOf(held).code).toBe('GOVERNANCE_HOLD');
	await nothingPasses(['knex insert', 'knex update']);
}

test(
	`${RELOADS} reloads of the extensions under load: no governed write passes, and the twin is written all along`,
	async () => {
		let running = true;
		const seen = { refused: 0, passed: [] as string[], free: 0 };
		const attacks = Object.entries(ATTACKS);
		const writer = async (turn: number) => {
			for (let round = turn; running; round += 1) {
				const [name, attack] = attacks[round % attacks.length] ?? ['', ATTACKS['REST create']];
				const answer = await attack?.('gov_items').catch(() => null);
				if (answer && answer.status < 400) seen.passed.push(name);
				else if (answer?.status === 403) seen.refused += 1;
				if ((await attack?.('free_items').catch(() => null))?.status === 200) seen.free += 1;
			}
		};
		const started = performance.now();
		let reloaded = 0;
		const writers = Array.from({ length: WRITERS }, (_value, turn) => writer(turn));

		try {
			const { rows } = await asSuperuser(`select id from directus_extensions where folder = 'neighbour'`);
			for (const enabled of [false, true, false, true]) {
				const path = `/extensions/${rows[0]?.id}`;
				await instance.as(instance.adminToken, path, { method: 'PATCH', body: { meta: { enabled } } });
			}
			for (let done = 0; done < RELOADS; done += AT_A_TIME) {
				const answer = await instance.as(instance.adminToken, `/hostile/reload/${AT_A_TIME}`, {
					method: 'POST',
					body: {},
					timeoutMs: 120_000,
				});
				// A request may meet a moment without the endpoint; it is asked again.
				if (answer.status === 404) done -= AT_A_TIME;
				else expect(answer.status, answer.text).toBe(200);
				if (answer.status === 200) reloaded += AT_A_TIME;
			}
		} finally {
			running = false;
			await Promise.all(writers);
			const seconds = Math.round((performance.now() - started) / 1_000);
			const { refused, free, passed } = seen;
			process.stderr.write(
				`${reloaded} reloads in ${seconds} s: ${refused} refused, ${passed.length} passed, the twin written ${free} times\n`,
			);
		}
		expect(seen.passed).toEqual([]);
		expect(seen.refused).toBeGreaterThan(200);
		expect(seen.free).toBeGreaterThan(200);
		expect(await instance.snapshot('gov_items')).toBe(governedRows);
		await until('in force after the reloads', healthy);
	},
	RELOADS_LIMIT_MS,
);

test('boot: from the first answer of the port on, and by a neighbour that writes while it registers', async () => {
	let running = true;
	const seen = { answers: 0, passed: [] as string[], free: 0 };
	const client = async () => {
		while (running) {
			const answer = await admin('/items/gov_items', { title: 'boot' }).catch(() => null);
			if (answer) seen.answers += 1;
			if (answer && answer.status < 400) seen.passed.push(answer.text);
			const free = await admin('/items/free_items', { title: 'boot' }).catch(() => null);
			if (free?.status === 200) seen.free += 1;
		}
	};
	const clients = Array.from({ length: 4 }, client);
	await instance.restartDirectus(ENV);
	await until('the neighbour has tried everything', async () => {
		const early = at((await admin('/hostile/early')).body, 'data') as Record<string, Record<string, number>>;
		return Object.keys(early.passed ?? {}).some((key) => key.startsWith('app.after:knex'));
	});
	running = false;
	await Promise.all(clients);

	const early = at((await admin('/hostile/early')).body, 'data') as Record<string, Record<string, number>>;
	expect(Object.keys(early.passed ?? {}).filter((key) => key.endsWith(':gov_items'))).toEqual([]);
	const refused = Object.keys(early.refused ?? {}).filter((key) => key.endsWith(':gov_items'));
	const passed = Object.keys(early.passed ?? {}).filter((key) => key.endsWith(':free_items'));
	// Each way of the neighbour was refused on the governed table in a phase in which it wrote the twin.
	for (const key of passed) expect(refused).toContain(key.replace('free_items', 'gov_items'));
	expect(passed.length).toBeGreaterThan(10);
	expect(seen.passed).toEqual([]);
	expect(seen.answers).toBeGreaterThan(0);
	expect(seen.free).toBeGreaterThan(0);
	expect(await instance.snapshot('gov_items')).toBe(governedRows);
});

describe('a guard of the database that is not as it was applied', () => {
	const STATES: Record<string, { change: string; says: RegExp }> = {
		'a dropped trigger': {
			change: 'drop trigger governance_a_assert_safe on public.gov_items',
			says: /trigger governance_a_assert_safe on public\.gov_items is missing/,
		},
		'a disabled trigger of the metadata': {
			change: 'alter table public.directus_fields disable trigger governance_metadata_guard',
			says: /governance_metadata_guard on public\.directus_fields is not enabled always/,
		},
		'a function body replaced': {
			change: `create or replace function governance.fn_assert_safe_for_dot_action() returns trigger
				language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$ begin return null; end $$`,
			says: /function governance\.fn_assert_safe_for_dot_action\(\) is not what this package ships/,
		},
		'a role granted more than it should have': {
			change: 'grant insert, update, delete on public.gov_items to directus',
			says: /holds DELETE on public\.gov_items/,
		},
	};

	test.each(Object.entries(STATES))('%s', async (_name, { change, says }) => {
		await until('in force before', healthy);
		await asSuperuser(change);
		await until('held', async () => !(await healthy()));
		await everythingHolds('DATABASE_GUARD_NOT_DEMONSTRATED', says);
		const probed = await admin('/governance/posture?probe=now');
		expect(at(probed.body, 'data', 'state')).toBe('hold');
		expect((await instance.cli('verify', '--config', CONFIG, '--json')).code).toBe(2);
		await instance.apply(CONFIG);
		await until('in force again, by itself', healthy);
		expect((await admin('/items/free_items', { title: 'free again' })).status).toBe(200);
	});
});

describe('a policy row that is missing or altered', () => {
	const KEPT = 'create table public.kept_policy as select * from governance.policy';
	const STATES: Record<string, { change: string; reason: string }> = {
		missing: { change: 'delete from governance.policy', reason: 'POLICY_MISSING' },
		altered: {
			change: `update governance.policy set jws = replace(jws, '.', '.A')`,
			reason: 'POLICY_GENERATION_WENT_BACK',
		},
	};

	test.each(Object.entries(STATES))('%s', async (_name, { change, reason }) => {
		await until('in force before', healthy);
		await asSuperuser(`alter table governance.policy disable trigger all; ${KEPT}; ${change}`);
		try {
			await until('held', async () => !(await healthy()));
			await until('the reason', async () => refusalOf(await admin('/governance/health')).reason === reason);
			await everythingHolds(reason, /./);
		} finally {
			await asSuperuser(`delete from governance.policy; insert into governance.policy select * from public.kept_policy;
				drop table public.kept_policy; alter table governance.policy enable always trigger governance_a_assert_safe,
				enable always trigger governance_z_block_after`);
		}
		await until('in force again, by itself', healthy);
	});
});

describe('a bundle that Directus does not load, or not whole', () => {
	const bundle = () => join(home, 'extensions', BUNDLE);
	const api = () => join(bundle(), 'dist', 'api.js');

	/** Wraps the built bundle in a copy that fails as told, restarts, looks, and puts everything back. */
	async function whilePlanted(plant: () => Promise<() => Promise<void>>, look: () => Promise<void>): Promise<void> {
		const undo = await plant();
		try {
			await instance.restartDirectus(ENV);
			await look();
		} finally {
			await undo();
		}
	}

	async function plantedHook(config: string): Promise<() => Promise<void>> {
		const inner = join(bundle(), 'dist', 'inner.js');
		await cp(api(), inner);
		await writeFile(
			api(),
			`import { endpoints, hooks as inner, operations } from './inner.js';
const hooks = inner.map(({ name, config: inside }) => ({ name, config: ${config} }));
export { endpoints, hooks, operations };
`,
		);
		return async () => {
			await cp(inner, api());
			await rm(inner);
		};
	}

	const goneAndGuarded = async () => {
		expect((await admin('/governance/posture')).status).toBe(404);
		expect((await admin('/governance/dispatch', {})).status).toBe(404);
		expect((await admin('/items/gov_items')).status).toBe(200);
		const verified = await instance.cli('verify', '--config', CONFIG, '--json');
		expect(verified.code).toBe(2);
		expect(JSON.parse(verified.stdout)).toMatchObject({ running: { state: 'absent' } });
		for (const path of ['/items/gov_items']) {
			expect((await admin(path, { title: 'x' })).status).toBeGreaterThanOrEqual(400);
			expect((await admin(path.replace('gov', 'free'), { title: 'x' })).status).toBe(200);
		}
		expect(await instance.snapshot('gov_items')).toBe(governedRows);
	};

	test('the hook throws before it registers anything', async () => {
		await whilePlanted(() => plantedHook(`() => { throw new Error('planted'); }`), goneAndGuarded);
	});

	test('the hook throws half-way: what did register holds the instance, and says so', async () => {
		const config = `(register, context) => { let left = 3; inside({ ...register, filter: (...args) => {
			if (left-- === 0) throw new Error('planted'); return register.filter(...args); } }, context); }`;
		await whilePlanted(
			() => plantedHook(config),
			async () => {
				const { body } = await admin('/governance/posture');
				expect(String(at(body, 'data', 'hold', 'detail'))).toMatch(/the guard did not register: planted/);
				await everythingHolds(String(at(body, 'data', 'hold', 'reason')), /planted/);
			},
		);
	});

	/** Directus leaves out the neighbour alone for some faults, and every extension for others: either way nothing passes. */
	test.each([
		['is no JSON', '{ "name": '],
		['is no manifest', '{ "name": "neighbour", "directus:extension": { "type": "bundle", "path": 7 } }'],
	])('a neighbour whose manifest %s', async (_how, manifest) => {
		const neighbour = join(home, 'extensions', 'neighbour', 'package.json');
		const whole = await readFile(neighbour, 'utf8');
		await whilePlanted(
			async () => {
				await writeFile(neighbour, manifest);
				return () => writeFile(neighbour, whole);
			},
			async () => {
				if ((await admin('/governance/health')).status === 404) return goneAndGuarded();
				await until('in force', healthy);
				await nothingPasses(Object.keys(ATTACKS));
			},
		);
	});

	test('no package.json in the working folder', async () => {
		const manifest = join(home, 'package.json');
		const whole = await readFile(manifest, 'utf8');
		await whilePlanted(async () => {
			// The harness makes the folder ready before each start; a folder of that name is there and is no manifest.
			await rm(manifest);
			await cp(join(SUPPORT, 'early'), manifest, { recursive: true });
			return async () => {
				await rm(manifest, { recursive: true });
				await writeFile(manifest, whole);
			};
		}, goneAndGuarded);
	});

	const disabled = (folders: string) => async () => {
		const metadata = ['guard', 'last_look', 'truncate'].map(
			(name) => `enable always trigger governance_metadata_${name}`,
		);
		const set = (enabled: boolean) =>
			asSuperuser(`alter table directus_extensions disable trigger user;
				update directus_extensions set enabled = ${enabled} where folder in (${folders});
				alter table directus_extensions ${metadata.join(', ')}`);
		await set(false);
		return async () => {
			await set(true);
		};
	};

	test('its row switched off in SQL, the triggers put back as if nothing had been', async () => {
		await whilePlanted(disabled(`'${BUNDLE}', 'governed-guard', 'governance', 'governance-module'`), goneAndGuarded);
	});

	test('the row of its hook alone switched off in SQL', async () => {
		await whilePlanted(disabled(`'governed-guard'`), async () => {
			const { body } = await admin('/governance/posture');
			expect(at(body, 'data', 'hold', 'reason')).toBe('GUARD_NOT_REGISTERED');
			expect((await admin('/governance/health')).status).toBe(503);
			expect(await dispatch()).toBe('GOVERNANCE_HOLD');
			expect((await instance.cli('verify', '--config', CONFIG, '--json')).code).toBe(2);
			expect((await admin('/items/gov_items')).status).toBe(200);
			await nothingPasses(['REST create', 'service with events off', 'knex insert', 'knex update']);
		});
	});

	test('whole again after all that', async () => {
		await instance.restartDirectus(ENV);
		await until('in force', healthy);
		const verified = await instance.cli('verify', '--config', CONFIG, '--json');
		expect(verified.code, verified.stdout).toBe(0);
		await nothingPasses(Object.keys(ATTACKS));
	});
});
