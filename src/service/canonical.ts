import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** RFC 8785 text of a JSON value. Throws on what JSON cannot hold (functions, NaN, undefined at the top). */
export function canonicalJson(value: unknown): string {
	const text = canonicalize(value);
	if (text === undefined) throw new TypeError('this value has no canonical JSON');
	return text;
}

/** `sha256:` + 64 hex over the RFC 8785 bytes of a JSON value. */
export function digestOf(value: unknown): string {
	return `sha256:${createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex')}`;
}
