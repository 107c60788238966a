import type { SeparationStep } from '../core/separation.ts';

/** What is left to do until Directus's role is separated, ready to be copied into psql and an environment file. */
export function describeSteps(steps: readonly SeparationStep[] | undefined): string[] {
	if (steps === undefined) return [];
	if (steps.length === 0) return ['Separated: nothing is left to do.'];
	return [
		`${steps.length} step(s) to strength separated are left, as an administrator of the server, in this database:`,
		...steps.flatMap(({ weakness, sql, besides }) => [
			`  -- ${weakness}`,
			...sql.map((statement) => `  ${statement.replaceAll('\n', '\n  ')};`),
			...besides.map((line) => `  -- ${line}`),
		]),
	];
}
