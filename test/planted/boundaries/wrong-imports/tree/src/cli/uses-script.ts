import { runCommand } from '../../scripts/run-command.ts';

export const kept = runCommand;
