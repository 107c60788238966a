import { setTimeout as wait } from 'node:timers/promises';
import { type ClusterHandle, startCluster } from '../../../instance/cluster.ts';
import { type PostgresServer, startPostgres } from '../../../instance/postgres.ts';

/** A cluster that can be stopped and killed in the middle of things and comes up again on the same data, on another port. */
export interface BreakableCluster {
	readonly handle: ClusterHandle;
	/** The same URL as it is now. */
	current(url: string): string;
	/** `SIGINT`: fast shutdown. `SIGKILL`: nobody gets to say anything. */
	bounce(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
	stop(): Promise<void>;
}

const STARTS = 20;

export async function breakableCluster(): Promise<BreakableCluster> {
	const cluster = await startCluster();
	let server: PostgresServer = cluster.server;

	return {
		handle: cluster.handle,
		current(url) {
			const moved = new URL(url);
			moved.port = String(server.port);
			return moved.toString();
		},
		async bounce(signal) {
			process.kill(server.pid, signal);
			server = await startAgain(server.dataDir);
		},
		async stop() {
			await server.stop();
			await cluster.stop();
		},
	};
}

/** Backends outlive a killed postmaster for a moment, and no new one may start beside them. */
async function startAgain(dataDir: string): Promise<PostgresServer> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await startPostgres({ dataDir, ephemeral: true });
		} catch (error) {
			if (attempt === STARTS) throw error;
			await wait(250);
		}
	}
}
