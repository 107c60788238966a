import type { WriteRefusalCode } from '../../core/reasons.ts';

/** What PostgreSQL refused, read from its error. */
export interface DatabaseRefusal {
	code: Extract<WriteRefusalCode, 'GOVERNED_WRITE_DENIED' | 'GOVERNED_STRUCTURE_LOCKED' | 'FLOW_NOT_ALLOWED'>;
	sqlstate: string;
	collection: string;
	action: string;
}

const GUARD_CODES: Readonly<Record<string, DatabaseRefusal['code']>> = {
	GD001: 'GOVERNED_WRITE_DENIED',
	GD002: 'GOVERNED_WRITE_DENIED',
	GD003: 'GOVERNED_WRITE_DENIED',
	GD005: 'GOVERNED_STRUCTURE_LOCKED',
	GD006: 'GOVERNED_WRITE_DENIED',
};

const ACTIONS: Readonly<Record<string, string>> = { insert: 'create', del: 'delete' };

/**
 * Recognizes a refusal of our guards (SQLSTATE class GD), or a privilege that Directus's role lacks (42501) on a
 * governed table. A read that is not permitted stays what it is. knex puts the statement before the message, with the
 * values in it, so only the end of the text is read.
 */
export function readDatabaseRefusal(
	error: unknown,
	statement: { sql?: string | undefined; method?: string | undefined },
	isGoverned: (table: string) => boolean,
): DatabaseRefusal | null {
	const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
	if (typeof code !== 'string' || typeof message !== 'string') return null;

	const guardCode = GUARD_CODES[code];
	if (guardCode) {
		const subject = subjectOf(message);
		const isFlow = code === 'GD005' && /^directus_(flows|operations)$/.test(subject.collection);
		return { code: isFlow ? 'FLOW_NOT_ALLOWED' : guardCode, sqlstate: code, ...subject };
	}

	return code === '42501' ? readPrivilege(message, statement, isGoverned) : null;
}

function subjectOf(message: string): { collection: string; action: string } {
	const said = message.slice(Math.max(message.lastIndexOf('[DENIED] '), 0));
	const [, collection = 'unknown', action = 'write'] = /^\[DENIED\] (.+?)\.(\w+): /.exec(said) ?? [];
	return { collection, action: ACTIONS[action] ?? action };
}

function readPrivilege(
	message: string,
	{ sql, method }: { sql?: string | undefined; method?: string | undefined },
	isGoverned: (table: string) => boolean,
): DatabaseRefusal | null {
	const [, kind, table] =
		/(permission denied for|must be owner of) (?:table|relation|sequence) "?([^"\s]+?)"?$/.exec(message) ?? [];
	if (!kind || !table || !isGoverned(table)) return null;

	const verb = /^\s*(\w+)/.exec(sql ?? '')?.[1]?.toLowerCase() ?? method ?? 'write';
	if (verb === 'select') return null;

	const isWrite =
		kind === 'permission denied for' && /^(insert|update|delete|del|truncate|copy|merge|with)$/.test(verb);
	const action = ACTIONS[verb] ?? verb;
	return {
		code: isWrite ? 'GOVERNED_WRITE_DENIED' : 'GOVERNED_STRUCTURE_LOCKED',
		sqlstate: '42501',
		collection: table,
		action,
	};
}
