import { Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';

/**
 * A list of steps that shows itself on stderr: live on a terminal, one line per event elsewhere. Signals stay ours.
 */
export function showing<Context>(steps: ListrTask<Context>[], live: boolean): Listr<Context> {
	const processOutput = new ProcessOutput(process.stderr, process.stderr);
	const logger = new ListrLogger({ processOutput, useIcons: live });
	const common = { concurrent: false, exitOnError: true, registerSignalListeners: false } as const;
	const options = live
		? { ...common, renderer: 'default' as const, rendererOptions: { logger, collapseSubtasks: false } }
		: { ...common, renderer: 'simple' as const, rendererOptions: { logger } };
	return new Listr<Context>(steps, options as ConstructorParameters<typeof Listr<Context>>[1]);
}
