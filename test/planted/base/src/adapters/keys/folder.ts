import { homedir } from 'node:os';

export const keyFolder = (): string => homedir();
