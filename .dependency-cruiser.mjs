/**
 * The direction of imports: core <- contracts <- service <- adapters <- (extensions, cli, executor).
 * scripts/check-boundaries.ts runs these rules and also proves that the cruise saw every file.
 */

/** Where npm packages may be used below the adapters. `core` has no entry: it uses none. */
const CONTRACT_PACKAGES = 'node_modules/zod/';
const SERVICE_PACKAGES = 'node_modules/(zod|ajv|canonicalize|jose)/';

function layer(name, comment, folder, allowed) {
	return { name, comment, severity: 'error', from: { path: folder }, to: { pathNot: [folder, ...allowed] } };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
	forbidden: [
		layer('core-imports-nothing', 'The core is rules only: no other layer, no Node, no package.', '^src/core/', []),
		layer('contracts-import-core-only', 'Contracts are zod schemas over the core.', '^src/contracts/', [
			'^src/core/',
			CONTRACT_PACKAGES,
		]),
		layer('config-imports-contracts-only', 'The configuration is a contract like the others.', '^src/config/', [
			'^src/(core|contracts)/',
			CONTRACT_PACKAGES,
		]),
		layer(
			'service-imports-inwards-only',
			'Use cases name the ports they need; what implements a port is not theirs. Hashing is a pure calculation.',
			'^src/service/',
			['^src/(core|contracts|config)/', SERVICE_PACKAGES, '^(node:)?crypto$'],
		),
		{
			name: 'adapters-import-inwards-only',
			comment: 'An adapter knows the layers below it, not who uses it.',
			severity: 'error',
			from: { path: '^src/adapters/' },
			to: { path: '^src/', pathNot: ['^src/adapters/', '^src/(core|contracts|config|service)/'] },
		},
		{
			name: 'adapters-never-import-each-other',
			comment: 'They are put together by an entry.',
			severity: 'error',
			from: { path: '^src/adapters/([^/]+)/' },
			to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
		},
		{
			name: 'sdk-imports-contracts-only',
			comment: 'The client side must not drag the server side into an application.',
			severity: 'error',
			from: { path: '^src/sdk/' },
			to: { path: '^src/', pathNot: '^src/(sdk|core|contracts)/' },
		},
		{
			name: 'executor-imports-inwards-only',
			comment: 'The executor is an entry of its own; the command line may start it, never the reverse.',
			severity: 'error',
			from: { path: '^src/executor/' },
			to: { path: '^src/(cli|sdk)/' },
		},
		{
			name: 'app-side-imports-types-only',
			comment: 'One schema imported on the app side adds 80 KB to app.js, and the page decides nothing.',
			severity: 'error',
			from: { path: '^extensions/(module|interfaces|displays|layouts|panels)/' },
			to: { path: '^src/', dependencyTypesNot: ['type-only'] },
		},
		{
			name: 'nothing-imports-extensions',
			comment: 'Entries translate; nobody builds on them, not even another entry.',
			severity: 'error',
			from: { pathNot: '^extensions/' },
			to: { path: '^extensions/' },
		},
		{
			name: 'entries-never-import-each-other',
			comment: 'What two entries put together alike stands in extensions/shared.',
			severity: 'error',
			from: { path: '^extensions/([^/]+/[^/]+)/', pathNot: '^extensions/shared/' },
			to: { path: '^extensions/', pathNot: '^extensions/($1|shared)/' },
		},
		{
			name: 'shared-composition-knows-no-entry',
			severity: 'error',
			from: { path: '^extensions/shared/' },
			to: { path: '^extensions/', pathNot: '^extensions/shared/' },
		},
		{
			name: 'nothing-imports-test',
			severity: 'error',
			from: { pathNot: '^test/' },
			to: { path: '^test/' },
		},
		{
			name: 'only-tests-import-instance',
			comment: 'The demonstration instance is not part of the product.',
			severity: 'error',
			from: { pathNot: '^(instance|test|scripts)/' },
			to: { path: '^instance/' },
		},
		{
			name: 'product-imports-no-scripts',
			severity: 'error',
			from: { path: '^(src|extensions)/' },
			to: { path: '^scripts/' },
		},
		{
			name: 'published-code-uses-published-packages',
			comment: 'dist/lib runs where only dependencies are installed. What the directus adapter uses is bundled.',
			severity: 'error',
			from: { path: '^src/', pathNot: '^src/adapters/directus/' },
			to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm', 'npm-peer', 'npm-optional'] },
		},
		{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
		{ name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
		{
			name: 'no-undeclared-package',
			comment: 'A package that package.json does not name is there by accident.',
			severity: 'error',
			from: { path: '^(src|extensions|instance|scripts)/' },
			to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
		},
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		enhancedResolveOptions: {
			exportsFields: ['exports'],
			conditionNames: ['types', 'import', 'node', 'default'],
			mainFields: ['module', 'main', 'types', 'typings'],
		},
	},
};
