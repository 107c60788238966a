import { kgExplain } from './kg-explain/index.ts';
import type { Tool } from './tool.ts';

/** Every tool this package ships. An executor serves only those it is told to. */
const SHIPPED: readonly Tool[] = [kgExplain];

/** The tools of these codes, by code. Throws on a code that is not shipped, naming those that are. */
export function toolsByCode(codes: readonly string[]): ReadonlyMap<string, Tool> {
	const unknown = codes.filter((code) => !SHIPPED.some((tool) => tool.code === code));
	if (unknown.length > 0) {
		const known = SHIPPED.map(({ code }) => code).join(', ');
		throw new RangeError(`no such tool: ${unknown.join(', ')}; this executor can serve ${known}`);
	}
	return new Map(SHIPPED.filter(({ code }) => codes.includes(code)).map((tool) => [tool.code, tool]));
}
