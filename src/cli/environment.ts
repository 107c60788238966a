/** The command cannot run as asked: something it needs is missing or wrong. Shown without a stack, exit code 1. */
export class UsageFault extends Error {
	override readonly name = 'UsageFault';
	readonly faults: readonly string[];

	constructor(message: string, faults: readonly string[] = []) {
		super(message);
		this.faults = faults;
	}
}

/** A required variable. Secrets come from the environment, never from arguments. Throws {@link UsageFault}. */
export function requireEnvironment(name: string, purpose: string): string {
	const value = process.env[name];
	if (!value) throw new UsageFault(`${name} is not set: ${purpose}`);
	return value;
}

/** The operator's connection, checked for shape only. The value never appears in a message. */
export function operatorUrl(): string {
	const value = requireEnvironment(
		'GOVERNED_OPERATOR_URL',
		'the PostgreSQL URL of the operator, such as postgresql://governed_operator:…@localhost:5432/directus',
	);
	if (!/^postgres(ql)?:\/\//.test(value)) throw new UsageFault('GOVERNED_OPERATOR_URL is not a postgresql:// URL');
	return value;
}

export const keysFolder = (): string => process.env.GOVERNED_KEYS_DIR ?? 'governed-keys';
