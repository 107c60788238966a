import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REPOSITORY } from '../../instance/bundle.ts';
import { freePort } from '../../instance/ports.ts';
import { isAlive, waitUntilGone } from '../../instance/processes.ts';
import { type InstanceRecord, readRecord } from '../../instance/record.ts';
import { withClient } from '../../instance/roles.ts';
import type { WalkReport } from '../../instance/walk/row.ts';

interface Run {
	readonly child: ChildProcess;
	readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
	/** Resolves when stderr or stdout holds the text. */
	saw(text: string): Promise<void>;
}

let folder: string;
let data: string;
let port: number;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'governed-start-'));
	// PostgreSQL's own account must be able to walk in.
	await chmod(folder, 0o711);
	data = join(folder, 'data');
	port = await freePort();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function start(args: readonly string[], env: Record<string, string> = {}): Run {
	const child = spawn(process.execPath, ['instance/start.mjs', ...args], {
		cwd: REPOSITORY,
		env: { PATH: process.env.PATH, HOME: process.env.HOME, GOVERNED_DATA_DIR: data, PORT: String(port), ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let [stdout, stderr] = ['', ''];
	child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
	child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
	const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
		child.once('close', (code) => resolve({ code, stdout, stderr }));
	});
	const saw = async (text: string) => {
		while (!stdout.includes(text) && !stderr.includes(text)) {
			if (child.exitCode !== null) throw new Error(`ended before "${text}":\n${stderr}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	};
	return { child, ended, saw };
}

function occupy(taken: number): Promise<Server> {
	return new Promise((resolve) => {
		const server = createServer().listen(taken, '127.0.0.1', () => resolve(server));
	});
}

async function recordOf(pid: number): Promise<InstanceRecord> {
	const record = await readRecord(join(data, 'instance.json'), pid);
	if (!record) throw new Error('no instance.json');
	return record;
}

async function childrenOf(pid: number): Promise<number[]> {
	const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
	return text.split(' ').map(Number).filter(Boolean);
}

const FIELDS = [
	'admin_email',
	'admin_password',
	'admin_token',
	'agent_token',
	'directus_url',
	'editor_token',
	'executor_url',
	'pg_url_directus',
	'pg_url_operator',
	'pid',
];

describe('npm start', () => {
	test('survives being killed half-way, stays up, is walked by a second start, and leaves nothing running', async () => {
		const killed = start([]);
		await killed.saw('tables of Directus');
		killed.child.kill('SIGKILL');
		await killed.ended;

		const first = start([]);
		await first.saw('Build and database');
		const second = start(['--once', '--json']);
		const walked = await second.ended;
		expect(walked.stderr).toContain('already run by process');
		expect(walked.code).toBe(0);
		await first.saw('Up until Ctrl-C');

		const pid = first.child.pid ?? 0;
		const record = await recordOf(pid);
		expect(Object.keys(record).sort()).toEqual(FIELDS);
		expect((await stat(join(data, 'instance.json'))).mode & 0o777).toBe(0o600);
		const roles = await Promise.all(
			[record.pg_url_directus, record.pg_url_operator].map((url) =>
				withClient(
					url,
					async (client) => (await client.query<{ name: string }>('select current_user as name')).rows[0]?.name,
				),
			),
		);
		expect(roles).toEqual(['directus', 'governed_operator']);

		const children = await childrenOf(pid);
		expect(children.length).toBeGreaterThanOrEqual(3);
		first.child.kill('SIGKILL');
		await first.ended;
		for (const child of children) expect(await waitUntilGone(child, 15_000)).toBe(true);
	});

	test('--once --json prints one document and moves off a taken port; the second run ends its children in order', async () => {
		const server = await occupy(port);
		try {
			const { code, stdout, stderr } = await start(['--once', '--json']).ended;
			const report = JSON.parse(stdout) as WalkReport;
			expect(report.rows.filter(({ ok }) => !ok)).toEqual([]);
			expect(report.rows.map(({ id }) => id)).toEqual(['E7', 'E8', 'E9', 'E10', 'E11', 'E12', 'E13', 'E14']);
			expect(Object.keys(report).sort()).toEqual(['after', 'before', 'ok', 'rows']);
			expect(report.after).toEqual(report.before);
			expect(code).toBe(0);
			expect(stderr).toContain(`port ${port} is taken`);
		} finally {
			server.close();
		}
		await expect(stat(join(data, 'instance.json'))).rejects.toThrow();

		const second = start([]);
		await second.saw('Up until Ctrl-C');
		const children = await childrenOf(second.child.pid ?? 0);
		second.child.kill('SIGTERM');
		expect((await second.ended).code).toBe(0);
		for (const child of children) expect(isAlive(child)).toBe(false);
	});
});

describe('npm start says one thing and makes nothing when', () => {
	const cases: readonly [string, Record<string, string>, RegExp][] = [
		[
			'GOVERNED_PG_URL is unreachable',
			{ GOVERNED_PG_URL: 'postgres://a:b@127.0.0.1:1/postgres' },
			/127\.0\.0\.1:1 cannot be used/,
		],
		['GOVERNED_PG_URL is no URL', { GOVERNED_PG_URL: 'localhost' }, /must look like postgres:/],
		['PORT is no port', { PORT: 'eighty' }, /PORT must be a number/],
	];
	test.each(cases)('%s', async (_, env, message) => {
		const { code, stdout, stderr } = await start(['--once'], env).ended;
		expect(stderr.trim()).toMatch(message);
		expect(stderr.trim().split('\n')).toHaveLength(1);
		expect(stdout).toBe('');
		expect(code).toBe(1);
		await expect(stat(data)).rejects.toThrow();
	});

	test('the data folder is somebody else’s', async () => {
		await writeFile(join(folder, 'letter.txt'), 'mine');
		const { code, stderr } = await start(['--once'], { GOVERNED_DATA_DIR: folder }).ended;
		expect(stderr).toMatch(/holds other files/);
		expect(code).toBe(1);
	});

	test('the data folder was made by a newer version', async () => {
		await writeFile(join(folder, 'layout.json'), '{ "layout": 999 }');
		const { code, stderr } = await start(['--once'], { GOVERNED_DATA_DIR: folder }).ended;
		expect(stderr).toMatch(/newer version/);
		expect(code).toBe(1);
	});
});
