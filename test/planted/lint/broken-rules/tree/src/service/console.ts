export function shout(): void {
	console.log('loud');
}
