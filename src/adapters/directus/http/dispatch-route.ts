import type { Dispatch } from '../../../service/dispatch/create-dispatch.ts';
import type { HttpRouter } from './exchange-types.ts';
import { bodyBytes, requesterOf } from './requester.ts';
import { sendAnswer } from './respond.ts';

/** Mounts `POST /governance/dispatch`. The use case never rejects, so nothing can fall through to a 500. */
export function mountDispatchRoute(router: HttpRouter, dispatch: Dispatch): void {
	router.post('/dispatch', (request, response) => {
		const { body } = request;
		void dispatch({ ...requesterOf(request), surface: 'rest', bytes: bodyBytes(request), body }).then((answer) =>
			sendAnswer(response, answer),
		);
	});
}
