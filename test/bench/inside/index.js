/** Times parts of Directus inside its own process: its emitter with whatever listens there, and its permission check. */
const EVENTS = ['items.create', 'bench_open.items.create'];
const EMITS = 20_000;
const ROUNDS = 200;

/** Modules of the Directus that runs here, the very same instances. */
const api = (path) => import(`${process.env.BENCH_API}/${path}`);

async function emitterFor(side) {
	const { default: emitter, Emitter } = await api('emitter.js');
	if (side === 'guarded') return emitter;
	const alone = new Emitter();
	alone.onFilter('items.create', () => undefined);
	return alone;
}

// biome-ignore lint/style/noDefaultExport: Directus loads the default export of an extension.
export default {
	id: 'inside',
	handler(router, { database, getSchema }) {
		router.post('/emit/:side', async (request, response, next) => {
			try {
				const emitter = await emitterFor(request.params.side);
				const context = { database, schema: await getSchema(), accountability: request.accountability };
				const emit = () => emitter.emitFilter(EVENTS, { title: 'x' }, { collection: 'bench_open' }, context);
				for (let n = 0; n < EMITS / 10; n += 1) await emit();
				const started = performance.now();
				for (let n = 0; n < EMITS; n += 1) await emit();
				const ns = ((performance.now() - started) * 1e6) / EMITS;
				response.json({ data: { ns, listeners: emitter.countFilterListeners('items.create') } });
			} catch (error) {
				next(error);
			}
		});

		router.post('/permissions', async (request, response, next) => {
			try {
				const { validateAccess } = await api('permissions/modules/validate-access/validate-access.js');
				const { accountability } = request;
				const context = { schema: await getSchema(), knex: database };
				const check = ({ collection, action }) =>
					validateAccess({ accountability, collection, action }, context).then(
						() => true,
						() => false,
					);
				const answers = [];
				for (const question of request.body) answers.push(await check(question));
				const started = performance.now();
				for (let n = 0; n < ROUNDS; n += 1) for (const question of request.body) await check(question);
				const ns = ((performance.now() - started) * 1e6) / (ROUNDS * request.body.length);
				response.json({ data: { ns, answers } });
			} catch (error) {
				next(error);
			}
		});
	},
};
