import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from './bundle.ts';
import { InstanceFault, messageOf } from './fault.ts';

export const HELP = `npm start [-- options]

Brings up PostgreSQL, Directus with the bundle, and the executor; registers directus.config.ts; walks through E7 to E14
and shows what was allowed and refused; then stays up until Ctrl-C.

  --once   end after the walk; exit code 0 only when every row came out as stated
  --json   print the walk as one JSON document on stdout, everything else on stderr
  --help   this text

Environment:
  PORT               port of the Studio (default 8055; the next free one when it is taken)
  GOVERNED_DATA_DIR  where the instance keeps its data (default .governed)
  GOVERNED_PG_URL    superuser URL of a PostgreSQL of yours, 15 or newer, instead of the one from npm

Examples:
  npm start
  npm --silent start -- --once --json > walk.json
  PORT=9000 GOVERNED_DATA_DIR=/srv/governed npm start
`;

export interface StartOptions {
	readonly once: boolean;
	readonly json: boolean;
	readonly help: boolean;
	readonly port: number;
	readonly dataDir: string;
	/** Superuser URL of a server of the user's, or undefined for the embedded one. */
	readonly postgresUrl: string | undefined;
}

function portOf(text: string | undefined): number {
	if (text === undefined || text === '') return 8055;
	const port = Number(text);
	if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
	throw new InstanceFault(`PORT must be a number from 1 to 65535, not "${text}".`);
}

function postgresUrlOf(text: string | undefined): string | undefined {
	if (text === undefined || text === '') return undefined;
	if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
	throw new InstanceFault('GOVERNED_PG_URL must look like postgres://user:password@host:5432/postgres.');
}

/** Arguments and environment, checked. Throws {@link InstanceFault} with the first thing that is wrong. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
	const flag = { type: 'boolean', default: false } as const;
	try {
		const { values } = parseArgs({
			args: [...args],
			options: { once: flag, json: flag, help: { ...flag, short: 'h' } },
		});
		return {
			...values,
			port: portOf(env.PORT),
			dataDir: env.GOVERNED_DATA_DIR ? resolve(env.GOVERNED_DATA_DIR) : join(REPOSITORY, '.governed'),
			postgresUrl: postgresUrlOf(env.GOVERNED_PG_URL),
		};
	} catch (error) {
		if (error instanceof InstanceFault) throw error;
		throw new InstanceFault(`${messageOf(error)}\nRun npm start -- --help to see what there is.`);
	}
}
