import { afterAll, beforeAll, describe, inject } from 'vitest';
import { type ClusterHandle, startCluster } from '../../../instance/cluster.ts';

/** Declares the same tests for the newest and the oldest supported PostgreSQL; the cluster is there once they run. */
export function describeEachPostgres(suite: (cluster: () => ClusterHandle, major: '15' | '18') => void): void {
	describe('PostgreSQL 18', () => suite(() => inject('cluster'), '18'));
	describe('PostgreSQL 15', () => {
		let cluster: { handle: ClusterHandle; stop(): Promise<void> } | undefined;
		beforeAll(async () => {
			cluster = await startCluster('15');
		});
		afterAll(() => cluster?.stop());
		suite(() => {
			if (!cluster) throw new Error('the cluster is not up yet');
			return cluster.handle;
		}, '15');
	});
}
