import type { WriteSurface } from '../../core/principal.ts';
import type { Accountability } from './directus-types.ts';
import { markSurface } from './surface.ts';

interface Request {
	accountability?: Accountability | null;
}

interface App {
	use(path: string, handler: (request: Request, response: unknown, next: () => void) => void): unknown;
}

/** Route prefixes that say what kind of client is asking. Express compares them without regard to case. */
const SURFACES: ReadonlyArray<[path: string, surface: WriteSurface]> = [
	['/mcp', 'mcp'],
	['/ai', 'ai'],
	['/graphql', 'graphql'],
];

/**
 * Marks requests by the route they come in on, after Directus has authenticated them and before its routes run: a
 * static token, a session and an OAuth token are marked alike.
 */
export function markRoutes(app: App): void {
	for (const [path, surface] of SURFACES) {
		app.use(path, (request, _response, next) => {
			if (request.accountability) markSurface(request.accountability, surface);
			next();
		});
	}
}

/** Marks the connection of a WebSocket message; Directus hands the same object to the service that writes. */
export function markSocket(meta: Record<string, unknown>): void {
	const client = meta.client as { accountability?: Accountability | null } | undefined;
	if (client?.accountability) markSurface(client.accountability, 'ws');
}
