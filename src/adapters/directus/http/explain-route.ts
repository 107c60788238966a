import type { Explain } from '../../../service/explain/create-explain.ts';
import type { HttpRouter } from './exchange-types.ts';
import { requesterOf } from './requester.ts';
import { sendData, sendError, sendHold, sendReadRefusal } from './respond.ts';

/** Mounts `POST /governance/explain`. It reads, whatever its method: a question does not fit into a URL. */
export function mountExplainRoute(router: HttpRouter, explain: Explain, onFault: (error: unknown) => void): void {
	router.post('/explain', (request, response) => {
		explain({ ...requesterOf(request), surface: 'rest', body: request.body }).then(
			(answer) => {
				switch (answer.kind) {
					case 'ok':
						return sendData(response, answer.explanation);
					case 'faulty':
						return sendError(response, 400, 'Invalid question.', { code: 'INVALID_REQUEST', faults: answer.faults });
					case 'refused':
						return sendReadRefusal(response, answer.refusal);
					default:
						return answer satisfies never;
				}
			},
			(error: unknown) => {
				onFault(error);
				sendHold(response, 'the database could not be asked');
			},
		);
	});
}
