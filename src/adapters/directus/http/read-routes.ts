import type { EvidencePage } from '../../../contracts/evidence.ts';
import type { Posture } from '../../../contracts/posture.ts';
import type { Runtime } from '../../../service/guard/runtime.ts';
import type { EvidenceReader } from '../../../service/posture/ports.ts';
import type { ReadableArea, ReadGuard } from '../../../service/posture/read-access.ts';
import { isUuid, readEvidenceQuery } from './evidence-query.ts';
import type { HttpRequest, HttpResponse, HttpRouter } from './exchange-types.ts';
import { requesterOf } from './requester.ts';
import { sendData, sendError, sendHold, sendReadRefusal } from './respond.ts';

export interface ReadRoutePorts {
	runtime: Runtime;
	/** `probeNow`: tries every control of the database first. */
	posture(probeNow?: boolean): Promise<Posture>;
	evidence: EvidenceReader;
	guard: ReadGuard;
	onFault(error: unknown): void;
}

type Read = (request: HttpRequest, response: HttpResponse) => Promise<void>;

/** Mounts what only reads: posture, health, evidence. */
export function mountReadRoutes(router: HttpRouter, ports: ReadRoutePorts): void {
	const { runtime, posture, evidence, guard, onFault } = ports;

	const reading = (area: ReadableArea | null, read: Read) => (request: HttpRequest, response: HttpResponse) => {
		void (async () => {
			const access = await guard({ ...requesterOf(request), area });
			if (access.kind === 'allowed') return read(request, response);
			sendReadRefusal(response, access);
		})().catch((error) => {
			onFault(error);
			sendHold(response, 'the database could not be asked');
		});
	};

	router.get(
		'/posture',
		reading('posture', async (request, response) => {
			// Each try costs the database some work, so only an admin may ask for one.
			const probeNow = request.query.probe === 'now' && request.accountability?.admin === true;
			sendData(response, await posture(probeNow));
		}),
	);

	router.get(
		'/health',
		reading(null, async (_request, response) => {
			await runtime.ready();
			const state = runtime.state();
			if (state.kind !== 'active') return sendHold(response, state.kind === 'hold' ? state.reason : 'NOT_INSTALLED');
			// Reads through the pool that claims and evidence use: holding is what a health check must not miss.
			await evidence.page({ limit: 1, before: null, kind: null, surface: null });
			sendData(response, { status: 'ok', generation: state.policy.generation });
		}),
	);

	router.get(
		'/evidence',
		reading('evidence', async ({ query }, response) => {
			const asked = readEvidenceQuery(query);
			if (asked.kind === 'faulty') {
				const extensions = { code: 'INVALID_QUERY', reason: asked.faults.join('; ') };
				return sendError(response, 400, 'Invalid query.', extensions);
			}
			const entries = await evidence.page(asked.query);
			const last = entries.length === asked.query.limit ? entries.at(-1) : undefined;
			const page: EvidencePage = { entries, next_before: last === undefined || last.index === 0 ? null : last.index };
			sendData(response, page);
		}),
	);

	router.get(
		'/evidence/:id',
		reading('evidence', async ({ params }, response) => {
			const entry = isUuid(params.id) ? await evidence.entry(params.id) : null;
			if (entry !== null) return sendData(response, entry);
			sendError(response, 404, 'No such evidence entry.', { code: 'NOT_FOUND' });
		}),
	);
}
