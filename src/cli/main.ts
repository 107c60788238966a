#!/usr/bin/env node
import { CommanderError } from 'commander';
import { describeFailure } from './failure.ts';
import { createProgram, FAILED } from './program.ts';

try {
	await createProgram((code) => {
		process.exitCode = code;
	}).parseAsync();
} catch (error) {
	if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : FAILED;
	else {
		process.stderr.write(`${describeFailure(error)}\n`);
		process.exitCode = FAILED;
	}
}
// Everything is said and every transaction has ended: a server that does not hang up must not keep a finished command.
process.stdout.write('', () => process.exit());
