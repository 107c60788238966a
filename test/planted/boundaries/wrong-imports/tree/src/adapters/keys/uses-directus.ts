import { writer } from '../directus/writer.ts';

export const kept = writer;
