import { once } from 'node:events';
import { startExecutor } from '../../executor/start.ts';
import { requireEnvironment, UsageFault } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';

interface ExecutorCommandOptions {
	host: string;
	port: string;
	tools: string[];
}

/** `governed executor`: serves until it is told to stop (SIGINT, SIGTERM), then lets requests in flight finish. */
export async function executor({ host, port, tools }: ExecutorCommandOptions, output: Output): Promise<ExitCode> {
	const databaseUrl = requireEnvironment(
		'GOVERNED_READER_URL',
		'the PostgreSQL URL of governance_reader, which can only read',
	);
	if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new UsageFault(`--port ${port} is not a port number`);
	const log = (level: string) => (message: string, facts?: Record<string, unknown>) =>
		output.say(JSON.stringify({ at: new Date().toISOString(), level, message, ...facts }));
	const running = await startExecutor({
		databaseUrl,
		tools,
		host,
		port: Number(port),
		log: { info: log('info'), error: log('error') },
	}).catch((error: unknown) => {
		throw new UsageFault(`the executor could not start: ${error instanceof Error ? error.message : String(error)}`);
	});
	output.data({ url: running.url, tools }, () => `executor listens on ${running.url}, serves ${tools.join(', ')}`);
	await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
	await running.close();
	return EXIT.done;
}
