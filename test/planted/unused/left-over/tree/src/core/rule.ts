/** Whether a write by anybody but the writer passes: never. */
export function allows(writer: string, actor: string): boolean {
	return writer === actor;
}

export const forgotten = 1;
