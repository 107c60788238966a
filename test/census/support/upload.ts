import type { Actor, Side, Told } from './types.ts';

/** An attack that sends one file as a browser's form does. */
export const upload =
	(path: string, type: string, content: string, name = 'attack') =>
	async (side: Side, actor: Actor): Promise<Told> => {
		const form = new FormData();
		form.append('file', new Blob([content], { type }), name);
		const token = side.token(actor);
		const response = await fetch(`${side.instance.url}${path}`, {
			method: 'POST',
			body: form,
			headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
			signal: AbortSignal.timeout(20_000),
		});
		return { status: response.status, text: await response.text() };
	};
