import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';
import { REPOSITORY } from './bundle.ts';
import { codeOf, InstanceFault } from './fault.ts';

const ARCHIVES = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..', 'bin');
const CACHE = join(REPOSITORY, 'node_modules', '.cache', 'governed-dispatch');
/** The browser, the shared libraries it needs beside the C library, and a font. Graphics are left packed. */
const PARTS = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];

/** The archives unpack into the temporary folder, whose name is read anew each time: lend them another for the while. */
async function unpackInto(folder: string): Promise<void> {
	const before = process.env.TMPDIR;
	process.env.TMPDIR = folder;
	try {
		await Promise.all(PARTS.map((part) => inflate(join(ARCHIVES, part))));
	} finally {
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
	}
}

/** The font folder's final place must stand in the configuration; the packed one names places of another system. */
async function writeFontConfig(draft: string, target: string): Promise<void> {
	const fonts = join(target, 'fonts', 'fonts');
	const cache = join(target, 'font-cache');
	const xml = `<?xml version="1.0"?>\n<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>\n`;
	await writeFile(join(draft, 'fonts', 'fonts.conf'), xml);
}

/** Unpacks once per clone; two processes doing so at the same time leave one whole copy. */
async function unpackedChromium(): Promise<string> {
	if (process.platform !== 'linux' || process.arch !== 'x64')
		throw new InstanceFault(`The packed Chromium runs on Linux x64 only, not on ${process.platform} ${process.arch}.`);
	const target = join(CACHE, 'chromium');
	if (await stat(target).catch(() => undefined)) return target;
	await mkdir(CACHE, { recursive: true });
	const draft = await mkdtemp(join(CACHE, 'chromium-'));
	try {
		await unpackInto(draft);
		await writeFontConfig(draft, target);
		await rename(draft, target);
	} catch (error) {
		await rm(draft, { recursive: true, force: true });
		if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
	}
	return target;
}

/**
 * A headless Chromium that needs no system package: program, libraries and font come from the npm package. Its own
 * sandbox is off, as it needs rights that root and containers do not give; it is only ever shown the local instance.
 */
export async function startChromium(): Promise<Browser> {
	const folder = await unpackedChromium();
	return chromium.launch({
		executablePath: join(folder, 'chromium'),
		headless: true,
		chromiumSandbox: false,
		env: {
			...(process.env.PATH === undefined ? {} : { PATH: process.env.PATH }),
			HOME: folder,
			LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
			FONTCONFIG_PATH: join(folder, 'fonts'),
		},
	});
}
