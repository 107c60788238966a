import { join } from 'node:path';
import { at, call } from '../../instance/http.ts';
import { EDITOR } from '../../instance/principals.ts';
import type { WriteAction, WritePolicy } from '../../src/core/decide-write.ts';
import type { Question } from './decision-questions.ts';
import { insideEnvironment, layInside, startBenchInstance, startDurableCluster } from './instances.ts';

export interface DirectusCheck {
	/** The permissions the questions are asked under, as a policy of ours. */
	policy: WritePolicy;
	questions: Question[];
	/** Directus's own answers to them. */
	answers: boolean[];
	/** Nanoseconds per check, its caches warm. */
	measure(): Promise<number>;
	stop(): Promise<void>;
}

const HELD: readonly WriteAction[] = ['create', 'update'];
const COLLECTIONS = ['bench_open', 'missing'];

/** Directus's own permission check, inside its process: may the editor create, update, delete here? */
export async function directusCheck(): Promise<DirectusCheck> {
	const cluster = await startDurableCluster();
	const instance = await startBenchInstance(cluster, false, insideEnvironment());
	const stop = async () => {
		await instance.stop();
		await cluster.stop();
	};
	try {
		await layInside(join(instance.folder, 'directus'));
		await instance.restartDirectus();
		const admin = { token: instance.adminToken };
		await call(`${instance.url}/collections/bench_open`, {
			...admin,
			method: 'PATCH',
			body: { meta: { hidden: false } },
		});
		const body = HELD.map((action) => ({ policy: EDITOR.policy, collection: 'bench_open', action, fields: ['*'] }));
		await call(`${instance.url}/permissions`, { ...admin, method: 'POST', body });

		const questions = COLLECTIONS.flatMap((collection) =>
			(['create', 'update', 'delete'] as const).map((action) => ({
				collection,
				action,
				fields: ['title'],
				principal: { kind: 'user', user: EDITOR.user, role: EDITOR.role, surface: 'rest' } as const,
			})),
		);
		const asked = questions.map(({ collection, action }) => ({ collection, action }));
		const ask = async () => {
			const url = `${instance.url}/inside/permissions`;
			const answer = await call(url, { method: 'POST', token: instance.editorToken, body: asked });
			return at(answer.body, 'data') as { ns: number; answers: boolean[] };
		};
		const { answers } = await ask();
		const policy: WritePolicy = {
			governed: [],
			agents: { roles: [EDITOR.role], users: [], surfaces: [] },
			write_allowlist: [{ collection: 'bench_open', actions: HELD }],
		};
		return { policy, questions, answers, measure: async () => (await ask()).ns, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
