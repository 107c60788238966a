import { say } from '../cli/output.ts';

export const kept = say;
