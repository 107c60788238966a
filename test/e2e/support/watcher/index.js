/** A neighbour: changes payloads after the guard looked, and notes when events and cache purges come. */
const seen = { events: [], purges: [] };

// biome-ignore lint/style/noDefaultExport: Directus loads the default export of an extension.
export default ({ filter, action, init }, { database, services, getSchema }) => {
	filter('st_prices.items.update', async (payload, _meta, { database: own }) => {
		seen.inside = own.isTransaction === true;
		if (payload.name === 'widen') return { ...payload, secret: 'by a later filter' };
		if (payload.name === 'other price') return { ...payload, price: 4242 };
		return payload;
	});
	filter('st_prices.items.delete', (keys) => (keys.map(String).includes('3') ? [5] : keys));

	for (const kind of ['create', 'update', 'delete']) {
		action(`items.${kind}`, async ({ collection, key, keys, payload }) => {
			if (!collection.startsWith('st_')) return;
			const all = keys ?? [key];
			const rows = await database.select('*').from(collection).whereIn('id', all);
			seen.events.push({ kind, collection, keys: all, committed: rows, payload });
		});
	}

	init('routes.custom.before', ({ app }) => {
		app.get('/watcher', (_request, response) => response.json({ data: seen }));
		app.post('/watcher/reset', async (_request, response) => {
			seen.events = [];
			seen.purges = [];
			const { cache } = new services.ItemsService('st_prices', { schema: await getSchema() });
			if (cache && !cache.counted) {
				const clear = cache.clear.bind(cache);
				cache.counted = true;
				cache.clear = async () => {
					seen.purges.push(await database.select('*').from('st_prices').whereIn('id', [1]));
					return clear();
				};
			}
			response.json({ data: cache ? 'counting' : 'no cache' });
		});
		/** Takes the transaction out of the wrapper's way, as an upgrade of Directus could: filters run outside again. */
		app.post('/watcher/break', (_request, response) => {
			const slot = globalThis[Symbol.for('governed-dispatch')];
			slot.installed.get('original-methods').set('ItemsService.updateMany', async () => []);
			response.json({ data: 'broken' });
		});
	});
};
