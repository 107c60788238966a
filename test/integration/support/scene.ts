import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { ClusterHandle } from '../../../instance/cluster.ts';
import { openOperatorSession } from '../../../src/adapters/postgres/registrar/session.ts';
import type { GovernanceDeclaration } from '../../../src/config/schema.ts';
import { type GovernedDatabase, governedDatabase } from './governed-database.ts';

/** A governed database with one open session for each party. */
export interface Scene {
	database: GovernedDatabase;
	directus: pg.Client;
	superuser: pg.Client;
	operator: pg.Client;
}

export async function connect(connectionString: string): Promise<pg.Client> {
	const client = new pg.Client({ connectionString });
	client.on('error', () => {});
	await client.connect();
	return client;
}

/** Opens a scene before the tests of the calling file or block, and closes it after them. */
export function useScene(cluster: () => ClusterHandle, change: Partial<GovernanceDeclaration> = {}): () => Scene {
	let scene: Scene | undefined;
	beforeAll(async () => {
		const database = await governedDatabase(cluster(), change);
		const [directus, superuser, operator] = await Promise.all([
			connect(database.directusUrl),
			connect(database.superuserUrl),
			openOperatorSession(database.operatorUrl),
		]);
		scene = { database, directus, superuser, operator };
	});
	afterAll(async () => {
		if (!scene) return;
		await Promise.all([scene.directus, scene.superuser, scene.operator].map((client) => client.end()));
		await scene.database.drop();
	});
	return () => {
		if (!scene) throw new Error('the scene is not open yet');
		return scene;
	};
}

/** Runs `work` in a transaction of this session that is rolled back whatever happens. */
export async function undone<T>(client: Pick<pg.Client, 'query'>, work: () => Promise<T>): Promise<T> {
	await client.query('begin');
	try {
		return await work();
	} finally {
		await client.query('rollback');
	}
}
