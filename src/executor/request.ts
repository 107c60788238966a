import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { z } from 'zod';
import { dryRunRequestSchema } from '../contracts/executor.ts';
import type { Refusal, RequestFault } from './refusal.ts';
import type { JsonObject, Tool } from './tools/tool.ts';

export interface DryRunRequest {
	correlationId: string;
	input: JsonObject;
}

export type ParsedRequest = { kind: 'ok'; request: DryRunRequest } | { kind: 'refused'; refusal: Refusal };

/** Compiles a tool's input schema once; the answer parses one request body, with every fault named. */
export function requestParser(tool: Tool): (body: unknown) => ParsedRequest {
	const matches = new Ajv2020({ allErrors: true, strict: true }).compile(tool.inputSchema);
	return (body) => {
		const { data, error } = dryRunRequestSchema.safeParse(body);
		if (error) return refused('INVALID_REQUEST', 'the request does not have the agreed shape', shapeFaults(error));
		if (!matches(data.input)) {
			const faults = (matches.errors ?? []).map(inputFault);
			return refused('INPUT_SCHEMA_MISMATCH', `the input does not match the schema of ${tool.code}`, faults);
		}
		return { kind: 'ok', request: { correlationId: data.correlation_id, input: data.input as JsonObject } };
	};
}

function refused(reason: Refusal['reason'], detail: string, faults: RequestFault[]): ParsedRequest {
	return { kind: 'refused', refusal: { reason, detail, faults } };
}

/** zod names all unknown fields of an object in one issue; here each is a fault of its own. */
function shapeFaults({ issues }: z.ZodError): RequestFault[] {
	return issues.flatMap((issue) => {
		if (issue.code !== 'unrecognized_keys') return [{ path: pathOf(issue.path), problem: issue.message }];
		return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), problem: 'unknown field' }));
	});
}

const pathOf = (path: readonly PropertyKey[]): string => `/${path.map(String).join('/')}`;

function inputFault({ instancePath, keyword, message, params }: ErrorObject): RequestFault {
	if (keyword === 'additionalProperties') {
		return { path: `/input${instancePath}/${params.additionalProperty}`, problem: 'unknown field' };
	}
	return { path: `/input${instancePath}`, problem: message ?? keyword };
}
