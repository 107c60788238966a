import type { z } from 'zod';

const MOST_LEVELS_NAMED = 8;
const MOST_NAME = 64;
const MOST_PATH = 128;

/** Every fault a schema found, one sentence each: by field and rule, never by value. Names come from the caller and are cut. */
export function faultsOf({ issues }: z.ZodError): string[] {
	return issues.flatMap((issue) => {
		const path = issue.path.slice(0, MOST_LEVELS_NAMED).join('.').slice(0, MOST_PATH);
		if (issue.code !== 'unrecognized_keys') return [`${path || 'body'}: ${issue.message}`];
		return issue.keys.map((key) => `${path && `${path}.`}${key.slice(0, MOST_NAME)}: unknown field`);
	});
}
