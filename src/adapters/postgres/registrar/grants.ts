import type { Change } from '../../../service/ports/registrar.ts';
import { asRole, identifier, type Sql } from './session.ts';

/** One entry of an access control list, without the owner's own. */
export interface Held {
	/** `PUBLIC` for everybody. */
	grantee: string;
	privilege: string;
	/** The grantee may pass it on. */
	grantable: boolean;
}

/** Privileges by grantee. One that may be passed on is marked with `*`, as PostgreSQL prints it; none of ours may. */
export type Grants = Map<string, Set<string>>;

export interface Target {
	/** As an operator reads it. */
	label: string;
	/** What follows ON: `public.x`, `schema x`, `function x(y)`. */
	on: string;
	column?: string;
	/** Whose grants these are. Not left to PostgreSQL: of all roles the operator holds, it may pick another that can grant. */
	owner: string;
}

export function grantsOf(held: readonly Held[]): Grants {
	const grants: Grants = new Map();
	for (const { grantee, privilege, grantable } of held) {
		grants.set(grantee, (grants.get(grantee) ?? new Set()).add(grantable ? `${privilege}*` : privilege));
	}
	return grants;
}

/** Revokes what is too much and grants what is missing; says both. */
export async function reconcile(
	client: Sql,
	{ label, on, column, owner }: Target,
	actual: Grants,
	expected: Grants,
): Promise<Change[]> {
	const changes: Change[] = [];
	const list = (privileges: string[]): string =>
		privileges
			.map((privilege) => (column === undefined ? privilege : `${privilege} (${identifier(column)})`))
			.join(', ');
	for (const grantee of new Set([...actual.keys(), ...expected.keys()])) {
		const has = actual.get(grantee) ?? new Set();
		const wants = expected.get(grantee) ?? new Set();
		const excess = [...has].filter((privilege) => !wants.has(privilege));
		const revoked = excess.map((privilege) => privilege.replace('*', ''));
		const missing = [...wants].filter((privilege) => !has.has(privilege) || revoked.includes(privilege));
		if (excess.length + missing.length === 0) continue;
		const statements: string[] = [];
		const who = grantee === 'PUBLIC' ? 'public' : identifier(grantee);
		if (excess.length > 0) statements.push(`revoke ${list(revoked)} on ${on} from ${who} cascade`);
		if (missing.length > 0) statements.push(`grant ${list(missing)} on ${on} to ${who}`);
		await asRole(client, owner, () => client.query(statements.join('; ')));
		const detail = [...excess.map((privilege) => `− ${privilege}`), ...missing.map((privilege) => `+ ${privilege}`)];
		changes.push({
			action: has.size === 0 ? 'add' : 'change',
			area: 'privilege',
			subject: `${label} for ${grantee}`,
			detail: detail.join(', '),
		});
	}
	return changes;
}
