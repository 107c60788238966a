import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const ENTRIES = { './config': 'src/config/index.ts', './sdk': 'src/sdk/index.ts' };

/** Every name an entry exports, and whether it exists at run time. */
function namesOf(program: ts.Program, path: string): string[] {
	const checker = program.getTypeChecker();
	const source = program.getSourceFile(join(ROOT, path));
	const module = source && checker.getSymbolAtLocation(source);
	if (!module) throw new Error(`${path} exports nothing`);
	return checker
		.getExportsOfModule(module)
		.map((symbol) => {
			const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
			return `${target.flags & ts.SymbolFlags.Value ? 'value' : 'type'} ${symbol.name}`;
		})
		.sort();
}

it('exports the names the golden file lists', { timeout: 60_000 }, async () => {
	const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
	const { options } = ts.parseJsonConfigFileContent({ ...config, include: Object.values(ENTRIES) }, ts.sys, ROOT);
	const program = ts.createProgram(
		Object.values(ENTRIES).map((path) => join(ROOT, path)),
		{ ...options, noLib: true, types: [] },
	);
	const pages = Object.entries(ENTRIES).map(([name, path]) => [`# ${name}`, ...namesOf(program, path), ''].join('\n'));
	await expect(pages.join('\n')).toMatchFileSnapshot('../golden/public-names.txt');
});
