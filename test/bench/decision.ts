import { casbin, casl, cedar, type Engine, nestedMap, ours } from './decision-engines.ts';
import { policyOf, type Question, questionsFor } from './decision-questions.ts';
import { directusCheck } from './directus-check.ts';
import { comparePaired, type PairedResult } from './paired.ts';

const RULES = [10, 1_000, 100_000];
const PAIRS = 15;
/** One measurement of an engine lasts about this long, so that the clock's grain does not matter. */
const MEASURE_MS = 150;
/** Engines that look at every rule take seconds for the questions the others answer in a millisecond. */
const PATIENCE_MS = 5_000;

const unit = 'ns per decision';

/**
 * Nanoseconds of processor time per decision over whole rounds of the questions, as many as fit: collecting garbage counts,
 * another program that gets the processor meanwhile does not.
 */
function timed(engine: Engine, questions: readonly Question[]): number {
	const started = performance.now();
	const before = process.cpuUsage();
	let asked = 0;
	let allowed = 0;
	do {
		for (const question of questions) if (engine(question)) allowed += 1;
		asked += questions.length;
	} while (performance.now() - started < MEASURE_MS);
	if (allowed < 0) throw new Error('the count keeps the work from being optimized away');
	const { user, system } = process.cpuUsage(before);
	return ((user + system) * 1e3) / asked;
}

/** As many of the questions as the engine answers in a few seconds; every answer has to be the same as ours. */
function compared(name: string, engine: Engine, decide: Engine, questions: readonly Question[]): Question[] {
	const started = performance.now();
	const asked: Question[] = [];
	for (const question of questions) {
		const [theirs, own] = [engine(question), decide(question)];
		if (theirs !== own) throw new Error(`${name} says ${theirs}, we say ${own}: ${JSON.stringify(question)}`);
		asked.push(question);
		if (performance.now() - started > PATIENCE_MS) break;
	}
	return asked;
}

/**
 * `decideWrite` against a nested map written for exactly these questions, and against other engines; the same questions, every
 * answer compared first. Engines whose time grows with the rules are asked fewer questions, fewer times.
 */
export async function benchDecision(say: (line: string) => void): Promise<PairedResult[]> {
	const results: PairedResult[] = [];
	for (const rules of RULES) {
		const policy = policyOf(rules);
		const questions = questionsFor(rules);
		const decide = ours(policy);
		const others: readonly [name: string, aim: number | null, make: () => Engine | Promise<Engine>][] = [
			['a nested map', 1.15, () => nestedMap(policy)],
			['CASL', 0.4, () => casl(policy)],
			['casbin', null, () => casbin(policy)],
			['Cedar', null, () => cedar(policy)],
		];
		for (const [name, aim, make] of others) {
			const engine = await make();
			const asked = compared(name, engine, decide, questions);
			const slow = asked.length < questions.length || timed(engine, asked.slice(0, 8)) > 1e6;
			const sample = slow ? asked.slice(0, 8) : asked;
			say(`${name}, ${rules} rules: ${asked.length} answers compared, all the same`);
			const comparison = { name: `a decision against ${name}, ${rules} rules`, unit, better: 'lower' as const, aim };
			results.push(
				await comparePaired(
					{ ...comparison, ours: async () => timed(decide, sample), yardstick: async () => timed(engine, sample) },
					slow ? 7 : PAIRS,
					say,
				),
			);
		}
	}
	results.push(await againstDirectus(say));
	return results;
}

/** Directus checks through its caches, and reads nothing about fields: the time is beside ours, not the same work. */
async function againstDirectus(say: (line: string) => void): Promise<PairedResult> {
	const { policy, questions, answers, measure, stop } = await directusCheck();
	try {
		const decide = ours(policy);
		const own = questions.map(decide);
		if (JSON.stringify(own) !== JSON.stringify(answers)) throw new Error(`Directus says ${answers}, we say ${own}`);
		say(`Directus's own check: ${answers.length} answers compared, all the same`);
		const comparison = { name: "a decision against Directus's own check", unit, better: 'lower' as const, aim: null };
		return await comparePaired(
			{ ...comparison, ours: async () => timed(decide, questions), yardstick: measure },
			7,
			say,
		);
	} finally {
		await stop();
	}
}
