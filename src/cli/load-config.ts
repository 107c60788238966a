import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type GovernanceConfig, governanceConfigSchema } from '../config/schema.ts';
import { schemaFault } from '../service/dispatch/compile-input-schema.ts';
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
	const faults = parsed.success
		? schemaFaults(parsed.data)
		: parsed.error.issues.map(({ path: where, message }) => `${where.join('.') || '(default export)'}: ${message}`);
	if (parsed.success && faults.length === 0) return parsed.data;
	throw new UsageFault(`${path} has ${faults.length} fault(s); nothing was changed`, faults);
}

/** A contract whose schema the dispatcher could not apply would only ever hold. */
function schemaFaults({ contracts }: GovernanceConfig): string[] {
	return contracts.flatMap((contract, index) =>
		(['input_schema', 'output_schema'] as const).flatMap((field) => {
			const fault = schemaFault(contract[field]);
			return fault === null ? [] : [`contracts.${index}.${field}: ${fault}`];
		}),
	);
}
