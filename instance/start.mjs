/*
 * The door of `npm start`. Plain JavaScript without types, so that a Node which cannot read the rest can still say so.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
	await import('./start.ts');
} else {
	process.stderr.write(
		`Directus 12 and this project need Node 22.18 or newer; this is Node ${process.versions.node}. Run:\n\n` +
			"    npx -y -p node@22 -c 'npm start'\n",
	);
	process.exitCode = 1;
}
