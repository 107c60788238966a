import { rm } from 'node:fs/promises';
import { at } from './http.ts';
import { readJson } from './private-files.ts';

/** `instance.json`: where a running instance is and how to get in. Source: DESIGN.md §10. */
export interface InstanceRecord {
	readonly directus_url: string;
	readonly admin_email: string;
	readonly admin_password: string;
	readonly admin_token: string;
	readonly editor_token: string;
	readonly agent_token: string;
	readonly pg_url_directus: string;
	readonly pg_url_operator: string;
	readonly executor_url: string;
	readonly pid: number;
}

const TEXTS = [
	'directus_url',
	'admin_email',
	'admin_password',
	'admin_token',
	'editor_token',
	'agent_token',
	'pg_url_directus',
	'pg_url_operator',
	'executor_url',
] as const;

/** The record of the instance run by process `pid`, or undefined while it has none. */
export async function readRecord(file: string, pid: number): Promise<InstanceRecord | undefined> {
	const value = await readJson(file);
	const whole = TEXTS.every((name) => typeof at(value, name) === 'string') && at(value, 'pid') === pid;
	return whole ? (value as InstanceRecord) : undefined;
}

/** While there is no instance there is no record. */
export async function removeRecord(file: string): Promise<void> {
	await rm(file, { force: true });
}
