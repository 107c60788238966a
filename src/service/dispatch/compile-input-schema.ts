import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

/** Answers the faults of an input, naming fields and rules but never a value; empty when it is valid. */
export type InputRule = (input: unknown) => string[];

/** More faults than a person reads; also bounds the answer to a hostile input. */
const MOST_FAULTS = 20;

/**
 * Compiles a contract's JSON Schema (draft 2020-12). Answers null when it cannot be applied exactly as written: an
 * unknown keyword or format, a reference to elsewhere, an asynchronous schema. Ignoring any of these would loosen it.
 */
export function compileInputSchema(schema: Record<string, unknown>): InputRule | null {
	const compiled = compile(schema);
	if (typeof compiled === 'string') return null;
	return (input) => (compiled(input) ? [] : (compiled.errors ?? []).slice(0, MOST_FAULTS).map(describe));
}

/** Why a JSON Schema could not be applied exactly as written, in a sentence; null when it can. */
export function schemaFault(schema: Record<string, unknown>): string | null {
	const compiled = compile(schema);
	return typeof compiled === 'string' ? compiled : null;
}

function compile(schema: Record<string, unknown>): ValidateFunction | string {
	try {
		// A compiler of its own for each schema: two contracts may carry the same $id.
		const validate = new Ajv2020({ strict: true, allErrors: true, logger: false }).compile(schema);
		return '$async' in validate ? 'an asynchronous schema cannot be applied' : validate;
	} catch (error) {
		return error instanceof Error ? error.message : 'it cannot be compiled';
	}
}

function describe({ instancePath, message, keyword, params }: ErrorObject): string {
	const where = `input${instancePath.slice(0, 128)}`;
	if (keyword === 'additionalProperties') {
		return `${where}: unknown field ${String(params.additionalProperty).slice(0, 64)}`;
	}
	return `${where}: ${message ?? keyword}`;
}
