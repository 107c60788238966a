import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InstanceFault } from './fault.ts';

export const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const BUNDLE_NAME = 'directus-extension-governed-dispatch';

/**
 * Lays the built bundle into `<folder>/extensions/directus-extension-governed-dispatch`, as an installation would:
 * `package.json` and the two files Directus loads. Returns the extensions folder.
 */
export async function layBundle(folder: string, source: string = REPOSITORY): Promise<string> {
	const extensions = join(folder, 'extensions');
	const target = join(extensions, BUNDLE_NAME);
	await rm(target, { recursive: true, force: true });
	await mkdir(join(target, 'dist'), { recursive: true });
	for (const file of ['dist/app.js', 'dist/api.js']) {
		if (!(await stat(join(source, file)).catch(() => undefined)))
			throw new InstanceFault(`${file} is missing: run npm run build`);
		await cp(join(source, file), join(target, file));
	}
	await writeFile(join(target, 'package.json'), await manifestWithoutDependencies(source));
	return extensions;
}

/** Nothing is installed beside the copy, so it must not ask for anything. */
async function manifestWithoutDependencies(source: string): Promise<string> {
	const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Record<string, unknown>;
	for (const key of ['scripts', 'dependencies', 'devDependencies', 'overrides']) delete manifest[key];
	return `${JSON.stringify(manifest, null, '\t')}\n`;
}
