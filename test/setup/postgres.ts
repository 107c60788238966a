import type { TestProject } from 'vitest/node';
import { type ClusterHandle, startCluster } from '../../instance/cluster.ts';

declare module 'vitest' {
	interface ProvidedContext {
		cluster: ClusterHandle;
	}
}

/** One PostgreSQL for the whole run; `inject('cluster')` hands it to a test file. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const cluster = await startCluster();
	project.provide('cluster', cluster.handle);
	return () => cluster.stop();
}
