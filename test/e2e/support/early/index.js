/**
 * A hook that writes while it is being registered and while Directus is coming up, with methods it took before anybody could
 * wrap them, events off, and with knex. What became of it is told in `globalThis`, where the hostile endpoint reads it.
 */
const SEEN = Symbol.for('early-writes');

// biome-ignore lint/style/noDefaultExport: Directus loads the default export of an extension.
export default function early({ init }, { services, database, getSchema }) {
	const seen = { passed: {}, refused: {} };
	globalThis[SEEN] = seen;
	const { createOne, updateMany } = services.ItemsService.prototype;

	const attempt = async (where, collection, write) => {
		const key = `${where}:${collection}`;
		try {
			await write();
			seen.passed[key] = (seen.passed[key] ?? 0) + 1;
		} catch {
			seen.refused[key] = (seen.refused[key] ?? 0) + 1;
		}
	};

	const attack = async (where) => {
		const schema = await getSchema();
		for (const collection of ['gov_items', 'free_items']) {
			const items = () => new services.ItemsService(collection, { schema, accountability: null });
			const quietly = { emitEvents: false };
			await attempt(`${where}:captured`, collection, () => createOne.call(items(), { title: 'early' }, quietly));
			await attempt(`${where}:captured`, collection, () => updateMany.call(items(), [4], { title: 'early' }, quietly));
			await attempt(`${where}:service`, collection, () => items().createOne({ title: 'early' }, quietly));
			await attempt(`${where}:knex`, collection, () => database(collection).insert({ title: 'early' }));
		}
	};

	void attack('registration');
	for (const event of ['app.before', 'middlewares.before', 'routes.before', 'routes.after', 'app.after']) {
		init(event, () => attack(event));
	}
}
