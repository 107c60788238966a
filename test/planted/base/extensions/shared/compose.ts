import { writer } from '../../src/adapters/directus/writer.ts';

export const compose = (): string => writer;
