export function spaces(): void {
    process.stdout.write('');
}
