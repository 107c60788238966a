import { keyFolder } from '../adapters/keys/folder.ts';

export const serve = (): string => keyFolder();
