import type { StrengthFacts } from './strength.ts';

/** What the owner of a table may always do to it. Rows change only behind one of these. Source: WRITE-PATHS, row 21. */
const OWNER_STATEMENTS =
	'ALTER TABLE (columns, types with USING, constraints, RENAME, SET SCHEMA, OWNER TO, INHERIT, ATTACH PARTITION, DISABLE TRIGGER, row security), DROP TABLE, CREATE, ALTER and DROP TRIGGER, CREATE RULE, CREATE POLICY, CREATE INDEX, CREATE STATISTICS, GRANT, REVOKE, LOCK, COMMENT';

/**
 * The statements of raw SQL that Directus's role can always run here, one sentence for each weakness. Empty when the
 * strength is `separated`.
 */
export function reachOf(facts: StrengthFacts): string[] {
	const { superusers, powers, ownsDatabase, ownsSchemaPublic, ownedGovernedObjects, maySetReplicationRole } = facts;
	return [
		...superusers.map(
			(role) =>
				`As superuser (${role}), Directus's role can run any statement on any table; nothing in PostgreSQL binds it.`,
		),
		...powers.map((power) => `By ${power}, Directus's role can reach past what it owns.`),
		...(ownsDatabase
			? [
					"As owner of the database, Directus's role can always run: DROP DATABASE, ALTER DATABASE (RENAME, SET, OWNER TO), GRANT and REVOKE on it, CREATE SCHEMA, CREATE PUBLICATION.",
				]
			: []),
		...(ownsSchemaPublic
			? [
					"As owner of schema public, Directus's role can always run: DROP TABLE of any table in it, the registry included, DROP SCHEMA and ALTER SCHEMA (RENAME, OWNER TO). The next governed verify finds it.",
				]
			: []),
		...(ownedGovernedObjects.length > 0
			? [
					`As owner of ${ownedGovernedObjects.join(', ')}, Directus's role can always run: ${OWNER_STATEMENTS}; and change rows behind them. The next governed verify finds it, also where it was changed back. INSERT, UPDATE, DELETE, TRUNCATE, MERGE and COPY alone are refused.`,
				]
			: []),
		...(maySetReplicationRole
			? [
					"Directus's role may run SET session_replication_role: the guards fire all the same, foreign keys are not checked.",
				]
			: []),
	];
}
