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
