import type { Change, Fault } from '../../../service/ports/registrar.ts';
import { type Grants, grantsOf, type Held, reconcile } from './grants.ts';
import { asRole, rowsOf, type Sql } from './session.ts';
import { FUNCTION_FACTS, SHIPPED_FUNCTIONS, type ShippedFunction } from './shipped-functions.ts';

interface PresentFunction {
	signature: string;
	owner: string;
	facts: string;
	held: Held[] | null;
}

/** Who may call what besides its owner. A trigger function needs no caller: the trigger's maker needed the right. */
function callersOf(signature: string, directusRole: string): string[] {
	if (signature.startsWith('governance.fn_assert_safe_for_dot_action(text')) return ['governance_reader'];
	if (/\.(is_governed|subject_of_metadata|flow_fault|audit_locked)\(/.test(signature))
		return ['governance_writer', 'governance_reader', directusRole];
	return /\.(append_evidence|claim_dispatches|settle_dispatches|use_grant|take_permit|permit_open|permit_spent)\(/.test(
		signature,
	)
		? [directusRole]
		: [];
}

/**
 * Puts every function of schema governance back to what this package ships: body, settings, owner and callers. Functions
 * and tables nobody shipped are {@link foreignObjects}.
 */
export async function ensureFunctions(client: Sql, directusRole: string): Promise<Change[]> {
	const present = await presentFunctions(client);
	const changes: Change[] = [];
	for (const shipped of SHIPPED_FUNCTIONS.values()) {
		let found = present.find(({ signature }) => signature === shipped.signature);
		if (found?.facts !== shipped.facts || found.owner !== shipped.owner) {
			await restore(client, shipped, found);
			const detail = found ? 'was altered: it is not what this package ships' : 'is missing';
			changes.push({ action: found ? 'change' : 'add', area: 'structure', subject: shipped.signature, detail });
			[found] = await presentFunctions(client, shipped.signature);
		}
		const expected: Grants = new Map(
			callersOf(shipped.signature, directusRole).map((role) => [role, new Set(['EXECUTE'])]),
		);
		const target = { label: shipped.signature, on: `function ${shipped.signature}`, owner: shipped.owner };
		changes.push(...(await reconcile(client, target, grantsOf(found?.held ?? []), expected)));
	}
	return changes;
}

async function presentFunctions(client: Sql, signature: string | null = null): Promise<PresentFunction[]> {
	return rowsOf<PresentFunction>(
		client,
		`select p.oid::regprocedure::text as signature, pg_get_userbyid(p.proowner) as owner, ${FUNCTION_FACTS} as facts,
			(select json_agg(json_build_object(
				'grantee', case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee) end,
				'privilege', a.privilege_type, 'grantable', a.is_grantable))
				from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner) as held
		from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
		where n.nspname = 'governance' and ($1::text is null or p.oid = to_regprocedure($1)) order by 1`,
		[signature],
	);
}

async function restore(
	client: Sql,
	{ statement, signature, owner }: ShippedFunction,
	found?: PresentFunction,
): Promise<void> {
	await asRole(client, 'governance_owner', () =>
		client.query('grant create on schema governance to governance_writer'),
	);
	if (found && found.owner !== owner) await client.query(`alter function ${signature} owner to ${owner}`);
	await asRole(client, owner, () => client.query(statement));
	await asRole(client, 'governance_owner', () =>
		client.query('revoke create on schema governance from governance_writer'),
	);
}

/**
 * Objects in schema governance that this package did not make, or that belong to somebody the operator cannot act as. Only
 * a superuser or an operator could put them there, so a person decides what becomes of them.
 */
export async function foreignObjects(client: Sql, tables: readonly string[]): Promise<Fault[]> {
	const signatures = [...SHIPPED_FUNCTIONS.keys()];
	const rows = await rowsOf<{ kind: string; name: string; stranger: boolean; owner: string }>(
		client,
		`select o.kind, o.name, not o.known as stranger, pg_get_userbyid(o.owner) as owner from (
			select 'function' as kind, p.oid::regprocedure::text as name, p.proowner as owner, p.oid::regprocedure::text = any ($1) as known
			from pg_proc p where p.pronamespace = to_regnamespace('governance')
			union all select 'table', c.oid::regclass::text, c.relowner, c.relname = any ($2) and c.relkind = 'r'
			from pg_class c where c.relnamespace = to_regnamespace('governance') and c.relkind not in ('i', 't')
			union all select 'operator', p.oid::regoperator::text, p.oprowner, false from pg_operator p where p.oprnamespace = to_regnamespace('governance')
			union all select 'type', t.oid::regtype::text, t.typowner, false from pg_type t
			where t.typnamespace = to_regnamespace('governance') and t.typtype <> 'c' and t.typcategory <> 'A') o
		where not o.known or not pg_has_role(current_user, o.owner, 'USAGE') order by 1, 2`,
		[signatures, tables],
	);
	return rows.map(({ kind, name, stranger, owner }) => ({
		subject: name,
		problem: stranger ? `is a ${kind} in schema governance that this package did not make` : `belongs to ${owner}`,
		fix: stranger
			? `find out who made it, then drop ${kind} ${name}`
			: `alter ${kind} ${name} owner to governance_owner`,
	}));
}
