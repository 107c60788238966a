/**
 * An extension that uses everything Directus hands to extensions, without accountability, as the request says. It also
 * tells which services and routes this Directus has.
 */
const routesOf = (stack, prefix) =>
	stack.flatMap((layer) => {
		if (layer.route) {
			return Object.keys(layer.route.methods).map((method) => `${method.toUpperCase()} ${prefix}${layer.route.path}`);
		}
		const path = mountOf(layer);
		if (layer.handle?.stack) return routesOf(layer.handle.stack, prefix + path);
		return path === '' ? [] : [`USE ${prefix}${path}`];
	});

/** Express 4 keeps of a mounted path only its expression. */
const mountOf = ({ regexp }) =>
	regexp?.fast_slash
		? ''
		: (regexp?.source ?? '')
				.replace(/^\^/, '')
				.replace('\\/?(?=\\/|$)', '')
				.replace(/\(\?:\(\[\^\\\/\]\+\?\)\)/g, ':x')
				.replaceAll('\\/', '/')
				.replaceAll('\\', '');

const methodsOf = (service) => {
	const names = [];
	for (let proto = service.prototype; proto && proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
		names.push(
			...Object.getOwnPropertyNames(proto).filter(
				(name) => typeof Object.getOwnPropertyDescriptor(proto, name).value === 'function',
			),
		);
	}
	return [...new Set(names)].filter((name) => name !== 'constructor').sort();
};

// biome-ignore lint/style/noDefaultExport: Directus loads the default export of an extension.
export default {
	id: 'hostile',
	handler(router, { services, database, getSchema, env }) {
		router.get('/surfaces', (request, response) => {
			const classes = Object.entries(services).filter(
				([, service]) => typeof service === 'function' && service.prototype,
			);
			response.json({
				routes: [...new Set(routesOf(request.app._router.stack, ''))].sort(),
				services: Object.fromEntries(classes.map(([name, service]) => [name, methodsOf(service)])),
			});
		});

		/** `{service, collection?, method, args}`: one call of one service, without accountability. */
		router.post('/service', async (request, response, next) => {
			try {
				const { service, collection, method, args } = request.body;
				const options = { schema: await getSchema(), accountability: null };
				const Service = services[service];
				const made = collection === undefined ? new Service(options) : new Service(collection, options);
				response.json({ data: (await made[method](...args)) ?? null });
			} catch (error) {
				next(error);
			}
		});

		/** `{collection, knex: 'insert' | 'update' | 'delete', values?, where?}`, or `{sql}`. */
		router.post('/knex', async (request, response, next) => {
			try {
				const { collection, knex, values, where, sql } = request.body;
				if (sql) await database.raw(sql);
				else
					await database(collection)
						.where(where ?? {})
						[knex](values);
				response.json({ data: 'done' });
			} catch (error) {
				next(error);
			}
		});

		/** A transaction of its own in which a session setting is tried first. */
		router.post('/transaction', async (request, response, next) => {
			try {
				await database.transaction(async (trx) => {
					for (const sql of request.body.statements) await trx.raw(sql);
				});
				response.json({ data: 'done' });
			} catch (error) {
				next(error);
			}
		});

		/** Takes every listener off Directus's own emitter. */
		router.post('/silence', async (_request, response, next) => {
			try {
				const { default: emitter } = await import(env.CENSUS_EMITTER);
				emitter.offAll();
				response.json({ data: 'done' });
			} catch (error) {
				next(error);
			}
		});
	},
};
