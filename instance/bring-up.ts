import { showing } from './progress.ts';
import { type Context, type Running, type Step, Steps, type Surroundings } from './steps.ts';

/**
 * Lets a step fail with two words in the list, as its reason may be many lines, and keeps the reason for the end. The
 * first failure counts: the others follow from it.
 */
class Failures {
	first: unknown;
	readonly #pending = new Set<Promise<unknown>>();

	watched(step: Step): Step {
		return {
			...step,
			task: (context, task) => {
				const work = Promise.resolve(step.task(context, task)).catch((error: unknown) => {
					this.first ??= error;
					throw new Error('see below');
				});
				this.#pending.add(work);
				return work as Promise<void>;
			},
		};
	}

	/** Until nothing is under way any more, so that nothing starts behind the caller's back. */
	async settled(): Promise<void> {
		await Promise.allSettled(this.#pending);
	}
}

function together(title: string, steps: Step[]): Step {
	return { title, task: (_, task) => task.newListr(steps, { concurrent: true }) };
}

/** Brings the whole instance up, showing each step. What was started is in `closers`, also when a step fails. */
export async function bringUp(around: Surroundings, note: (line: string) => void): Promise<Running> {
	const steps = new Steps(around);
	const failures = new Failures();
	const [build, postgres, register, executor, directus, principals] = [
		steps.build,
		steps.postgres,
		steps.register,
		steps.executor,
		steps.directus,
		steps.principals,
	].map((step) => failures.watched(step)) as [Step, Step, Step, Step, Step, Step];
	const list = [
		together('Build and database', [build, postgres]),
		register,
		together('Start', [executor, directus]),
		principals,
	];
	const context = { note } as Context;
	try {
		await showing(list, around.live).run(context);
	} catch (error) {
		await failures.settled();
		throw failures.first ?? error;
	}
	return { directus: context.directus, executor: context.executor, record: await steps.record(context) };
}
