import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** An extension that writes past permissions: no accountability, events off, knex. Answers what it met. */
// biome-ignore lint/style/noDefaultExport: Directus loads the default export of an extension.
export default {
	id: 'hostile',
	handler(router, { services, database, getSchema }) {
		const attacks = {
			async createOne(items) {
				await items.createOne({ title: 'hostile' }, { emitEvents: false });
			},
			async createMany(items) {
				await items.createMany([{ title: 'hostile' }, { title: 'hostile' }], { emitEvents: false });
			},
			async upsertMany(items) {
				await items.upsertMany([{ title: 'hostile' }], { emitEvents: false });
			},
			async updateOne(items) {
				await items.updateOne(1, { title: 'hostile' }, { emitEvents: false });
			},
			async updateByQuery(items) {
				await items.updateByQuery({}, { title: 'hostile' }, { emitEvents: false });
			},
			async deleteOne(items) {
				await items.deleteOne(2, { emitEvents: false });
			},
			async knexInsert(_items, collection) {
				await database(collection).insert({ title: 'hostile' });
			},
			async knexUpdate(_items, collection) {
				await database(collection).update({ title: 'hostile secret' }).where({ id: 1 });
			},
			async knexDelete(_items, collection) {
				await database(collection).delete().where({ id: 3 });
			},
			async knexTruncate(_items, collection) {
				await database.raw('truncate table ?? cascade', [collection]);
			},
			async knexAlter(_items, collection) {
				await database.raw('alter table ?? add column hostile text', [collection]);
			},
		};

		router.get('/runtime', (_request, response) => {
			const { runtime } = globalThis[Symbol.for('governed-dispatch')];
			response.json({
				data: { state: runtime.state().kind, reason: runtime.state().reason, probes: runtime.probes() },
			});
		});

		router.get('/early', (_request, response) => {
			response.json({ data: globalThis[Symbol.for('early-writes')] ?? null });
		});

		/** Reloads every extension as often as asked, through Directus's own manager. */
		router.post('/reload/:times', async (request, response, next) => {
			try {
				const manager = await import(pathToFileURL(join(dirname(process.argv[1]), '../extensions/index.js')).href);
				for (let left = Number(request.params.times); left > 0; left -= 1) await manager.getExtensionManager().reload();
				response.json({ data: { heap: process.memoryUsage().heapUsed } });
			} catch (error) {
				next(error);
			}
		});

		/** Takes the wrapper off one method, as a careless or hostile neighbour would. */
		router.post('/unwrap', (_request, response) => {
			const { prototype } = services.ItemsService;
			prototype.createOne = globalThis[Symbol.for('governed-dispatch')].installed
				.get('original-methods')
				.get('ItemsService.createOne');
			response.json({ data: 'done' });
		});

		/** Any method of any service, without accountability; `events` false where the method takes options. */
		router.post('/call', async ({ body: { service, collection, method, args } }, response, next) => {
			try {
				const options = { schema: await getSchema(), accountability: null };
				const target = new services[service](...(collection ? [collection, options] : [options]));
				response.json({ data: await target[method](...args) });
			} catch (error) {
				next(error);
			}
		});

		/** Any statement on Directus's own connection. */
		router.post('/sql', async ({ body: { sql } }, response, next) => {
			try {
				const { rowCount } = await database.raw(sql);
				response.json({ data: rowCount });
			} catch (error) {
				next(error);
			}
		});

		router.post('/:attack/:collection', async (request, response, next) => {
			const { attack, collection } = request.params;
			try {
				const schema = await getSchema();
				const items = new services.ItemsService(collection, { schema, accountability: null });
				await attacks[attack](items, collection);
				response.json({ data: 'done' });
			} catch (error) {
				next(error);
			}
		});
	},
};
