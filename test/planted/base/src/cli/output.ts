/** The one place in src that may use the console. */
export function say(line: string): void {
	console.log(line);
}
