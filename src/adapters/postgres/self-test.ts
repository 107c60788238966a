import type { Pool } from 'pg';
import type { PostureControl } from '../../contracts/posture.ts';
import type { SelfTest } from '../../service/ports/database-guards.ts';
import { type Queries, rolledBack } from './pinned-session.ts';
import { type Probe, type ProbeTarget, surroundingProbes, tableProbes } from './self-test-plan.ts';
import { type WatchedTable, watchedTables } from './watched-tables.ts';

/** A guard that lets a truncate wait longer than this for readers would make them wait as long behind it. */
const LOCK_TIMEOUT_MS = 200;
/** Statements in one block: bounds what one statement timeout has to cover, whatever the number of tables. */
const CHUNK = 500;
const BUSY = '55P03';
const BUSY_ROUNDS = 4;
const WENT_THROUGH = 'GP000';

const KINDS = ['insert', 'update', 'delete', 'truncate', 'metadata', 'roles', 'permits'] as const;

/**
 * Tries every forbidden write on every guarded table over Directus's own connection: in blocks of statements, each in a
 * subtransaction that ends with an error, all in one transaction that is rolled back. PostgreSQL logs none of it.
 */
export function createSelfTest(pool: Pick<Pool, 'connect'>, now: () => string): SelfTest {
	return {
		async run(policy) {
			const tables = watchedTables(policy);
			const { outcomes, targets } = await rolledBack(pool, LOCK_TIMEOUT_MS, async (client) => {
				const found = await targetsOf(client, tables);
				const probes = [...found.filter(isTriable).flatMap(tableProbes), ...surroundingProbes()];
				return { targets: found, outcomes: await tryAll(client, probes) };
			});
			return KINDS.map((kind) => controlOf(`database.${kind}`, tables, targets, outcomes, now()));
		},
	};
}

interface Outcome extends Probe {
	sqlstate: string;
}

/** A truncate that nothing stops is not worth a probe: the missing guard is a failure as it is. */
const isTriable = ({ mayTruncate, guarded }: ProbeTarget): boolean => guarded || !mayTruncate;

async function targetsOf(client: Queries, tables: readonly WatchedTable[]): Promise<ProbeTarget[]> {
	const { rows } = await client.query<ProbeTarget>(
		`select w.schema || '.' || w.name as label, format('%I.%I', w.schema, w.name) as name, a.attname as column,
			format_type(a.atttypid, a.atttypmod) as type, has_table_privilege(c.oid, 'TRUNCATE') as "mayTruncate",
			exists (select from pg_trigger where tgrelid = c.oid and tgname = 'governance_a_assert_safe' and tgenabled = 'A') as guarded
		from unnest($1::text[], $2::text[]) w (schema, name)
		join pg_namespace n on n.nspname = w.schema join pg_class c on c.relnamespace = n.oid and c.relname = w.name
		left join lateral (select attname, atttypid, atttypmod from pg_attribute
			where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
			-- Where stewards may write a column, the permit has to refuse and not the privilege.
			order by has_column_privilege(c.oid, attnum, 'UPDATE') desc, attnum limit 1) a on true`,
		[tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
	);
	return rows;
}

/** Statements that only met a lock are tried again: an apply at the same moment is no fault. */
async function tryAll(client: Queries, probes: readonly Probe[]): Promise<Outcome[]> {
	const done: Outcome[] = [];
	let waiting = [...probes];
	for (let round = 0; waiting.length > 0 && round < BUSY_ROUNDS; round += 1) {
		const seen: Outcome[] = [];
		for (let from = 0; from < waiting.length; from += CHUNK) {
			seen.push(...(await tryChunk(client, waiting.slice(from, from + CHUNK))));
		}
		const last = round === BUSY_ROUNDS - 1;
		done.push(...seen.filter(({ sqlstate }) => last || sqlstate !== BUSY));
		waiting = last ? [] : seen.filter(({ sqlstate }) => sqlstate === BUSY);
	}
	return done;
}

/** A block takes no parameters, so the statements travel as JSON in hexadecimal, which cannot end a literal. */
async function tryChunk(client: Queries, probes: readonly Probe[]): Promise<Outcome[]> {
	const statements = Buffer.from(JSON.stringify(probes.map(({ statement }) => statement)), 'utf8').toString('hex');
	await client.query(`do $probe$ declare
		v_statement text; v_state text; v_states text := '';
	begin
		for v_statement in select value from jsonb_array_elements_text(convert_from(decode('${statements}', 'hex'), 'UTF8')::jsonb) loop
			begin
				execute v_statement;
				raise exception using errcode = '${WENT_THROUGH}', message = 'not refused';
			exception when others then
				get stacked diagnostics v_state = returned_sqlstate;
				v_states := v_states || v_state;
			end;
		end loop;
		perform set_config('governed_dispatch.probe', v_states, true);
	end $probe$`);
	const { rows } = await client.query<{ states: string }>(
		`select current_setting('governed_dispatch.probe') as states`,
	);
	const states = String(rows[0]?.states);
	if (states.length !== probes.length * 5) throw new Error('the probes did not run to their end');
	return probes.map((probe, index) => ({ ...probe, sqlstate: states.slice(index * 5, index * 5 + 5) }));
}

function controlOf(
	id: string,
	tables: readonly WatchedTable[],
	targets: readonly ProbeTarget[],
	outcomes: readonly Outcome[],
	at: string,
): PostureControl {
	const tried = outcomes.filter(({ control }) => control === id);
	const through = tried.filter(({ sqlstate }) => sqlstate === WENT_THROUGH).map(({ subject }) => subject);
	const refused = tried.filter(({ sqlstate, refusals }) => refusals.test(sqlstate));
	const open =
		id === 'database.truncate' ? targets.filter((target) => !isTriable(target)).map(({ label }) => label) : [];
	const shown = new Set(
		[...refused, ...tried.filter(({ sqlstate }) => sqlstate === WENT_THROUGH)].map(({ subject }) => subject),
	);
	const wanted = isAboutTables(id)
		? tables.map(({ schema, name }) => `${schema}.${name}`)
		: tried.map(({ subject }) => subject);
	const unclear = wanted.filter((name) => !shown.has(name) && !open.includes(name));
	const failed = [...through, ...open];
	if (failed.length > 0) return { id, state: 'failed', detail: `not refused on ${listed(failed)}`, at };
	if (unclear.length > 0) {
		const states = new Set(tried.filter(({ subject }) => unclear.includes(subject)).map(({ sqlstate }) => sqlstate));
		const why = states.size > 0 ? ` (SQLSTATE ${[...states].join(', ')})` : '';
		return { id, state: 'not_demonstrated', detail: `not shown for ${listed(unclear)}${why}`, at };
	}
	return { id, state: 'demonstrated', detail: detailOf(id, refused), at };
}

const isAboutTables = (id: string): boolean =>
	['insert', 'update', 'delete', 'truncate'].some((action) => id.endsWith(action));

function detailOf(id: string, refused: readonly Outcome[]): string {
	const byPrivilege = refused.filter(({ sqlstate }) => sqlstate === '42501').length;
	const byGuard = refused.length - byPrivilege;
	const layers = [
		...(byPrivilege > 0 ? [`${byPrivilege} by missing privileges`] : []),
		...(byGuard > 0 ? [`${byGuard} by guards`] : []),
	];
	return `refused on all ${refused.length} ${isAboutTables(id) ? 'guarded tables' : 'ways'}: ${layers.join(', ')}`;
}

const MOST_NAMED = 8;

function listed(names: readonly string[]): string {
	const more = names.length - MOST_NAMED;
	return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
