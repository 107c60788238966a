import pg from 'pg';
import { METADATA_PROBES } from './metadata-probes.ts';

/** A table as a probe needs to know it. */
export interface ProbeTarget {
	/** For people and for results: schema and name, unquoted. */
	label: string;
	/** As PostgreSQL quotes it. */
	name: string;
	/** A column that can be written, and its type; null for a table without one. */
	column: string | null;
	type: string;
	/** A TRUNCATE that only a guard would stop locks out every reader until it is refused. */
	mayTruncate: boolean;
	guarded: boolean;
}

/** One forbidden statement, the control it is evidence for, and the SQLSTATEs that count as a refusal. */
export interface Probe {
	control: string;
	subject: string;
	statement: string;
	refusals: RegExp;
}

/** A missing privilege, or one of our guards. */
const REFUSED = /^(42501|GD00\d)$/;
const PRIVILEGE = /^42501$/;
const METADATA = /^GD005$/;

/** The writes of one table. None touches a row, and none needs SELECT: its lack must not pass for a refusal. */
export function tableProbes({ label, name, column, type, mayTruncate }: ProbeTarget): Probe[] {
	if (column === null) return [];
	const key = pg.escapeIdentifier(column);
	const probe = (action: string, statement: string): Probe => ({
		control: `database.${action}`,
		subject: label,
		statement,
		refusals: REFUSED,
	});
	return [
		probe('insert', `insert into ${name} (${key}) overriding system value select null::${type} where false`),
		probe('update', `update ${name} set ${key} = default where false`),
		probe('delete', `delete from ${name} where false`),
		// Where the privilege is there, keys of other tables would answer before the guard does; CASCADE lets the guard speak.
		probe('truncate', `truncate ${name}${mayTruncate ? ' cascade' : ''}`),
	];
}

/** A permit that no steward rule gives, for a table that never has stewards. */
const PERMIT = `select governance.take_permit('dot_tools', 'update', array['probe'], array['probe'], 1, gen_random_uuid(), '{}')`;

/** What would take the guards away rather than get past them. */
export function surroundingProbes(): Probe[] {
	const as = (control: string, subject: string, statement: string, refusals: RegExp): Probe => ({
		control: `database.${control}`,
		subject,
		statement,
		refusals,
	});
	return [
		...METADATA_PROBES.map(({ table, statement }) => as('metadata', table, statement, METADATA)),
		as('permits', 'take_permit', PERMIT, /^GD006$/),
		as('roles', 'governance_writer', 'set local role governance_writer', PRIVILEGE),
		as('roles', 'governance_owner', 'set local role governance_owner', PRIVILEGE),
		as('roles', 'session_replication_role', 'set local session_replication_role = replica', PRIVILEGE),
	];
}
