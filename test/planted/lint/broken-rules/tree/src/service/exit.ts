export function leave(): never {
	process.exit(1);
}
