import { fileURLToPath } from 'node:url';
import { governed } from '../../../instance/governed.ts';
import { UNGOVERNABLE } from './fingerprint.ts';
import type { Strength } from './strength.ts';
import type { Side, Told } from './types.ts';

const SEPARATED = fileURLToPath(new URL('./census.config.ts', import.meta.url));
const SINGLE_ROLE = fileURLToPath(new URL('./census-single-role.config.ts', import.meta.url));

export const configOf = (strength: Strength): string => (strength === 'separated' ? SEPARATED : SINGLE_ROLE);

const answers = new WeakMap<Side, Promise<Told>>();

/** `governed apply` for a table whose own foreign keys carry actions: it has to refuse, and says which. Asked once. */
export function refusedApply(side: Side): Promise<Told> {
	const answer = answers.get(side) ?? ask(side);
	answers.set(side, answer);
	return answer;
}

async function ask(side: Side): Promise<Told> {
	const env = { ...side.instance.operatorEnv(), CENSUS_ALSO: UNGOVERNABLE };
	const { code, stdout, stderr } = await governed(['apply', '--config', configOf(side.strength), '--json'], env);
	return { status: code, text: `${stdout}${stderr}` };
}
