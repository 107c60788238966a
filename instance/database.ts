import { startPostgres } from './postgres.ts';
import {
	assertRolesAreOurs,
	DEFAULT_ROLES,
	databaseExists,
	dropDatabase,
	ensureDatabase,
	ensureRoles,
	type Logins,
	READER_ROLE,
	renameDatabase,
	urlFor,
} from './roles.ts';
import type { State } from './state.ts';

export interface Server {
	/** Superuser of the server, some database of it. */
	readonly superuserUrl: string;
	readonly logins: Logins;
	/** The database of this instance. */
	readonly database: string;
	/** What runs it, in words. */
	readonly words: string;
	stop(): Promise<void>;
}

export interface ServerPlan {
	/** The user's own server, or undefined for the embedded one. */
	readonly postgresUrl: string | undefined;
	readonly clusterFolder: string;
	readonly state: State;
	/** Eight hexadecimal characters that tell this instance from others on a shared server. */
	readonly instanceId: string;
	readonly passwords: { readonly operator: string; readonly directus: string };
	readonly say: (line: string) => void;
}

function loginsOf({ passwords }: ServerPlan): Logins {
	return {
		operator: { role: DEFAULT_ROLES.operator, password: passwords.operator },
		directus: { role: DEFAULT_ROLES.directus, password: passwords.directus },
	};
}

/**
 * A server of the user's is shared: the database is named after this instance, and roles of the same names that this
 * instance did not make are left alone.
 */
async function joinServer(plan: ServerPlan, url: string): Promise<Server> {
	const logins = loginsOf(plan);
	const { host } = new URL(url);
	if ((await plan.state.read()).server !== host) await assertRolesAreOurs(url, logins);
	await ensureRoles(url, logins);
	await plan.state.merge({ server: host });
	return {
		superuserUrl: url,
		logins,
		database: `governed_${plan.instanceId}`,
		words: `your server at ${host}`,
		stop: async () => {},
	};
}

async function embedServer(plan: ServerPlan): Promise<Server> {
	const server = await startPostgres({ dataDir: plan.clusterFolder, log: plan.say });
	const superuserUrl = server.superuserUrl('postgres');
	const logins = loginsOf(plan);
	try {
		await ensureRoles(superuserUrl, logins);
	} catch (error) {
		await server.stop();
		throw error;
	}
	return {
		superuserUrl,
		logins,
		database: 'directus',
		words: `${server.version} from npm, port ${server.port}`,
		stop: server.stop,
	};
}

/** A server with the two logins, the embedded one or the user's. */
export function openServer(plan: ServerPlan): Promise<Server> {
	return plan.postgresUrl === undefined ? embedServer(plan) : joinServer(plan, plan.postgresUrl);
}

/** The URLs of one database of the server, by who logs in. */
export function urlsOf({ superuserUrl, logins }: Server, database: string, readerPassword: string) {
	const superuser = urlFor(superuserUrl, undefined, database);
	return {
		superuser,
		operator: urlFor(superuser, logins.operator),
		directus: urlFor(superuser, logins.directus),
		reader: urlFor(superuser, { role: READER_ROLE, password: readerPassword }),
	};
}

/**
 * The instance's database with Directus's tables in it. Directus takes a database in which a kill left half its tables
 * for a whole one, so the tables are installed under another name, which is changed when they are complete.
 */
export async function ensureInstalled(
	server: Server,
	install: (databaseUrl: string) => Promise<void>,
): Promise<'new' | 'present'> {
	const { superuserUrl, logins, database } = server;
	if (await databaseExists(superuserUrl, database)) return 'present';
	const draft = `${database}_draft`;
	await dropDatabase(superuserUrl, draft);
	await ensureDatabase(superuserUrl, draft, logins);
	await install(urlFor(superuserUrl, logins.directus, draft));
	await renameDatabase(superuserUrl, draft, database);
	return 'new';
}
