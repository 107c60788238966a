import { rollup } from 'rollup';

/** Whether a write by anybody but the writer passes: never. */
export function allows(writer: string, actor: string): boolean {
	return rollup.length > 0 && writer === actor;
}
