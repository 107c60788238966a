import type { Loosening } from '../../../core/loosening.ts';
import { digestOf } from '../../../service/canonical.ts';
import type { ApplyOptions, Change, Fault } from '../../../service/ports/registrar.ts';

/** What gets looser is named one by one, by whoever applies it. */
export function unallowed(loosenings: readonly Loosening[], allowed: readonly string[]): Fault[] {
	return loosenings
		.filter(({ name }) => !allowed.includes(name))
		.map(({ name, detail }) => ({
			subject: name,
			problem: `is a loosening: ${detail}`,
			fix: `if that is meant, add: --allow-loosening ${name}`,
		}));
}

/** A saved plan is applied as it was read, or not at all. */
export function otherThanPlanned(saved: ApplyOptions['saved'], changes: readonly Change[]): Fault[] {
	if (!saved || saved.changes === digestOf(changes)) return [];
	const problem = 'the changes are not those of the plan';
	return [{ subject: 'plan (changes)', problem, fix: 'run governed plan --out again and read it' }];
}
