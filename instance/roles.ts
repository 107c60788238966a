import pg from 'pg';
import { codeOf, InstanceFault } from './fault.ts';

/** Names and passwords of the logins of one instance. Roles belong to the whole server, databases are many. */
export interface Logins {
	readonly operator: { readonly role: string; readonly password: string };
	readonly directus: { readonly role: string; readonly password: string };
}

export const DEFAULT_ROLES = { operator: 'governed_operator', directus: 'directus' } as const;
export const READER_ROLE = 'governance_reader';
/** Comment on the roles this project makes. */
const ROLE_MARK = 'made by governed-dispatch';

const quote = pg.escapeIdentifier;
const literal = pg.escapeLiteral;

/** Runs `work` on one short connection; statements run alone unless `work` opens a transaction. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
	const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 8_000 });
	client.on('error', () => {});
	await client.connect();
	try {
		return await work(client);
	} finally {
		await client.end();
	}
}

/** The same server, another login or database. */
export function urlFor(
	baseUrl: string,
	login: { role: string; password: string } | undefined,
	database?: string,
): string {
	const url = new URL(baseUrl);
	if (login) [url.username, url.password] = [encodeURIComponent(login.role), encodeURIComponent(login.password)];
	if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
	return url.toString();
}

async function serverMajor(client: pg.Client): Promise<number> {
	const { rows } = await client.query<{ v: string }>(`select current_setting('server_version_num') as v`);
	return Math.floor(Number(rows[0]?.v) / 10_000);
}

async function ensureLogin(
	client: pg.Client,
	{ role, password }: Logins['operator'],
	attributes: string,
): Promise<void> {
	const { rowCount } = await client.query('select 1 from pg_catalog.pg_roles where rolname = $1', [role]);
	await client.query(
		`${rowCount ? 'alter' : 'create'} role ${quote(role)} ${attributes} password ${literal(password)}`,
	);
}

/**
 * Creates the two logins, or gives existing ones this instance's passwords, in one transaction. The operator may create
 * roles and holds the rights of Directus's role, which the first apply needs to take tables over from it.
 */
export async function ensureRoles(superuserUrl: string, { operator, directus }: Logins): Promise<void> {
	await withClient(superuserUrl, async (client) => {
		const options = (await serverMajor(client)) >= 16 ? ' with inherit true, set true' : '';
		await client.query('begin');
		await client.query('select pg_catalog.pg_advisory_xact_lock(7014233001)');
		await ensureLogin(client, operator, 'login nosuperuser nocreatedb createrole inherit noreplication nobypassrls');
		await ensureLogin(client, directus, 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls');
		await client.query(`grant ${quote(directus.role)} to ${quote(operator.role)}${options}`);
		for (const { role } of [operator, directus]) {
			await client.query(`comment on role ${quote(role)} is ${literal(ROLE_MARK)}`);
		}
		await client.query('commit');
	});
}

/**
 * Creates the database unless it is there: the operator owns it (and so schema `public`), Directus's role may create
 * its own tables in `public`. `template` makes it a copy of another database of the same server.
 */
export async function ensureDatabase(
	superuserUrl: string,
	database: string,
	{ operator, directus }: Logins,
	template?: string,
): Promise<{ created: boolean }> {
	const created = await withClient(superuserUrl, async (client) => {
		const { rowCount } = await client.query('select 1 from pg_catalog.pg_database where datname = $1', [database]);
		if (rowCount) return false;
		const source =
			template === undefined ? 'template template0 encoding utf8' : `template ${quote(template)} strategy file_copy`;
		await client.query(`create database ${quote(database)} owner ${quote(operator.role)} ${source}`);
		return true;
	});
	await withClient(urlFor(superuserUrl, undefined, database), (client) =>
		client.query(`grant create, usage on schema public to ${quote(directus.role)}`),
	);
	return { created };
}

export async function databaseExists(superuserUrl: string, database: string): Promise<boolean> {
	const sql = 'select 1 from pg_catalog.pg_database where datname = $1';
	return withClient(superuserUrl, async (client) => (await client.query(sql, [database])).rowCount === 1);
}

export async function renameDatabase(superuserUrl: string, from: string, to: string): Promise<void> {
	await withClient(superuserUrl, (client) => client.query(`alter database ${quote(from)} rename to ${quote(to)}`));
}

/** Removes a database, ending whoever is still connected to it. */
export async function dropDatabase(superuserUrl: string, database: string): Promise<void> {
	await withClient(superuserUrl, (client) => client.query(`drop database if exists ${quote(database)} with (force)`));
}

/** Lets `governance_reader`, which `governed apply` made, log in: executors connect with it. */
export async function enableReader(superuserUrl: string, password: string): Promise<void> {
	await withClient(superuserUrl, (client) =>
		client.query(`alter role ${quote(READER_ROLE)} login password ${literal(password)}`),
	);
}

/**
 * On a server other people use: throws unless the two logins are absent, or were made by an earlier instance that is no
 * longer connected. Their passwords are about to be set.
 */
export async function assertRolesAreOurs(superuserUrl: string, { operator, directus }: Logins): Promise<void> {
	const roles = [operator.role, directus.role];
	await withClient(superuserUrl, async (client) => {
		const { rows } = await client.query<{ rolname: string; ours: boolean; busy: boolean }>(
			`select rolname, shobj_description(oid, 'pg_authid') is not distinct from $2 as ours,
				exists (select 1 from pg_stat_activity a where a.usename = rolname) as busy
			from pg_roles where rolname = any ($1)`,
			[roles, ROLE_MARK],
		);
		const foreign = rows.filter(({ ours, busy }) => !ours || busy).map(({ rolname }) => rolname);
		if (foreign.length === 0) return;
		throw new InstanceFault(
			`${new URL(superuserUrl).host} already has the role ${foreign.join(' and ')}, which this instance did not make or somebody uses. ` +
				'Nothing was changed. Use another server, or the GOVERNED_DATA_DIR of the instance that made it.',
		);
	});
}

/** Throws an {@link InstanceFault} with the reason unless the URL answers as a superuser of PostgreSQL 15 or newer. */
export async function assertSuperuser(superuserUrl: string): Promise<void> {
	const shown = URL.canParse(superuserUrl) ? new URL(superuserUrl).host : 'GOVERNED_PG_URL';
	try {
		await withClient(superuserUrl, async (client) => {
			const { rows } = await client.query<{ super: string }>(`select current_setting('is_superuser') as super`);
			if (rows[0]?.super !== 'on')
				throw new InstanceFault(`GOVERNED_PG_URL must log in as a superuser of ${shown}: the roles are made with it.`);
			const major = await serverMajor(client);
			if (major < 15) throw new InstanceFault(`${shown} runs PostgreSQL ${major}; 15 or newer is needed.`);
		});
	} catch (error) {
		if (error instanceof InstanceFault) throw error;
		const reason = error instanceof Error && error.message !== '' ? error.message : codeOf(error);
		throw new InstanceFault(`GOVERNED_PG_URL: ${shown} cannot be used: ${reason}`);
	}
}
