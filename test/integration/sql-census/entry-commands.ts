/** Which of the known commands the statements of an entry begin with, the longest name first; `WITH` begins a SELECT. */
export function commandsOf(sql: string, known: readonly string[]): string[] {
	const names = [...known].sort((a, b) => b.length - a.length);
	const heads = sql.split(/;|\$\$\s*begin|\bexecute '|format\('/i).map((part) =>
		part
			.trim()
			.toUpperCase()
			.replace(/^WITH\b/, 'SELECT')
			.replace(/^(CREATE|ALTER|DROP) (OR REPLACE |TEMP |UNLOGGED |UNIQUE |CONSTRAINT (?=TRIGGER))/, '$1 ')
			.replace(/^TRUNCATE (?!TABLE)/, 'TRUNCATE TABLE '),
	);
	return heads.flatMap((head) => names.find((name) => head === name || head.startsWith(`${name} `)) ?? []);
}
