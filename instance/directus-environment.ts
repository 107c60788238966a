import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from './bundle.ts';

export interface DirectusSettings {
	/** URL of the database, logging in as Directus's own role. */
	readonly databaseUrl: string;
	readonly secret: string;
	readonly adminEmail: string;
	readonly adminPassword: string;
	readonly adminToken: string;
	/** Folder with the public key the bundle verifies the policy with. */
	readonly keysDir: string;
}

/** What the child may see of our own environment; `DB_…`, `LICENSE_…` and other settings of a Directus of yours stay out. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'TZ', 'LANG', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'];

/** Compiled code of Directus, shared by bootstrap and start: saves two to three seconds of processor time a start. */
const COMPILE_CACHE = join(REPOSITORY, 'node_modules', '.cache', 'governed-dispatch');

function inherited(): Record<string, string> {
	const entries = PASSED_ON.map((name) => [name, process.env[name]] as const);
	return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A URL with parameters (`sslmode=…`) goes to Directus whole, as its single variables cannot say them. */
function databaseVariables(url: URL): Record<string, string> {
	if (url.search !== '') return { DB_CONNECTION_STRING: url.toString() };
	return {
		DB_HOST: url.hostname,
		DB_PORT: url.port === '' ? '5432' : url.port,
		DB_DATABASE: decodeURIComponent(url.pathname.slice(1)),
		DB_USER: decodeURIComponent(url.username),
		DB_PASSWORD: decodeURIComponent(url.password),
	};
}

/** Environment of `directus bootstrap` and `directus start`; the start adds host, port and folders. */
export function directusEnvironment(
	settings: DirectusSettings,
	extra: Record<string, string> = {},
): Record<string, string> {
	const database = new URL(settings.databaseUrl);
	return {
		...inherited(),
		NODE_ENV: 'production',
		NODE_COMPILE_CACHE: COMPILE_CACHE,
		DB_CLIENT: 'pg',
		...databaseVariables(database),
		SECRET: settings.secret,
		ADMIN_EMAIL: settings.adminEmail,
		ADMIN_PASSWORD: settings.adminPassword,
		ADMIN_TOKEN: settings.adminToken,
		TELEMETRY: 'false',
		PROJECT_OWNER_ENABLED: 'false',
		AI_ENABLED: 'false',
		MCP_ENABLED: 'true',
		MCP_OAUTH_ENABLED: 'true',
		WEBSOCKETS_ENABLED: 'true',
		CACHE_ENABLED: 'false',
		// On a busy machine it answers 503 to whoever comes first after the start, which says nothing about governance.
		PRESSURE_LIMITER_ENABLED: 'false',
		EXTENSIONS_MUST_LOAD: 'true',
		LOG_STYLE: 'raw',
		LOG_LEVEL: 'warn',
		GOVERNED_KEYS_DIR: settings.keysDir,
		...extra,
	};
}

/**
 * A working folder for Directus: it reads `package.json` there (for extensions that are dependencies, so ours lists
 * none) and keeps its temporary files and uploads below.
 */
export async function directusFolder(folder: string): Promise<string> {
	await mkdir(join(folder, 'extensions'), { recursive: true, mode: 0o755 });
	const manifest = join(folder, 'package.json');
	const present = await stat(manifest).catch(() => undefined);
	if (!present) await writeFile(manifest, '{ "name": "governed-dispatch-instance", "private": true }\n');
	return folder;
}
