import type { FastifyInstance, FastifyReply } from 'fastify';
import { type DryRunParts, dryRun } from './dry-run.ts';
import { bearerGrant } from './grants.ts';
import { type Refusal, refusalResponse } from './refusal.ts';
import { requestParser } from './request.ts';
import type { Tool } from './tools/tool.ts';

interface DryRunRoute {
	Params: { code: string };
}

/** What the route is built from. Without `verifyGrant` nobody can prove a grant, so every dry run is refused. */
export type DryRunRouteParts = Omit<DryRunParts, 'verifyGrant'> & {
	verifyGrant: DryRunParts['verifyGrant'] | undefined;
};

const UNKNOWN_TOOL: Refusal = { reason: 'UNKNOWN_TOOL', detail: 'this executor serves no such tool' };
const CANNOT_VERIFY: Refusal = {
	reason: 'GRANT_INVALID',
	detail: 'this executor has no means to verify a grant, so it refuses every dry run',
};

/** Answers with a refusal. */
export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
	const { status, body } = refusalResponse(refusal);
	return reply.code(status).send(body);
}

/** `POST /dot/:code/dry-run`. What can be refused without the body is refused before the body is read. */
export function addDryRun(
	app: FastifyInstance,
	served: ReadonlyMap<string, Tool>,
	{ verifyGrant, ...parts }: DryRunRouteParts,
): void {
	const parsers = new Map([...served].map(([code, tool]) => [code, requestParser(tool)]));

	function refusalWithoutBody(code: string, authorization: string | undefined): Refusal | null {
		if (!served.has(code)) return UNKNOWN_TOOL;
		const bearer = bearerGrant(authorization);
		if ('reason' in bearer) {
			return { reason: bearer.reason, detail: 'a dry run needs Authorization: Bearer <grant>' };
		}
		return verifyGrant ? null : CANNOT_VERIFY;
	}

	app.post<DryRunRoute>('/dot/:code/dry-run', {
		onRequest: async ({ params, headers }, reply) => {
			const refusal = refusalWithoutBody(params.code, headers.authorization);
			if (refusal) return refuse(reply, refusal);
		},
		handler: async ({ params: { code }, headers, body }, reply) => {
			const [tool, parse, bearer] = [served.get(code), parsers.get(code), bearerGrant(headers.authorization)];
			if (!verifyGrant || !tool || !parse || 'reason' in bearer) throw new Error('a request got past its first checks');
			const parsed = parse(body);
			if (parsed.kind === 'refused') return refuse(reply, parsed.refusal);
			const answer = await dryRun({ ...parts, verifyGrant }, tool, bearer.grant, parsed.request);
			return answer.kind === 'ok' ? answer.response : refuse(reply, answer.refusal);
		},
	});
}
