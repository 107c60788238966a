import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type GovernanceConfig, governanceConfigSchema } from '../config/schema.ts';
import { UsageFault } from './environment.ts';

/** Loads and validates `directus.config.ts`. Throws {@link UsageFault} with every fault and its path. */
export async function loadConfig(path: string): Promise<GovernanceConfig> {
	const file = resolve(path);
	await access(file).catch(() => {
		throw new UsageFault(`${path} does not exist. Name another file with --config.`);
	});
	const module = await import(pathToFileURL(file).href).catch((error: unknown) => {
		throw new UsageFault(`${path} could not be loaded: ${error instanceof Error ? error.message : String(error)}`);
	});
	const parsed = governanceConfigSchema.safeParse((module as { default?: unknown }).default);
	if (parsed.success) return parsed.data;
	throw new UsageFault(
		`${path} has ${parsed.error.issues.length} fault(s); nothing was changed`,
		parsed.error.issues.map(({ path: where, message }) => `${where.join('.') || '(default export)'}: ${message}`),
	);
}
