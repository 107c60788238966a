const HEX = /^[0-9a-f]{32}$/;

/**
 * The ids PostgreSQL would find, in every notation it takes (braces, no hyphens, upper case). Any other would be an error
 * of PostgreSQL, and end the transaction it is looked up in.
 */
export function uuidsIn(keys: readonly unknown[]): string[] {
	return keys.map((key) => String(key).replaceAll(/[{}-]/g, '').toLowerCase()).filter((key) => HEX.test(key));
}
