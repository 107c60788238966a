import { request } from '../support/told.ts';
import type { CensusPath, Side } from '../support/types.ts';
import { upload } from '../support/upload.ts';
import { PEOPLE } from './rest.ts';

const path = (
	id: string,
	covers: string,
	attack: CensusPath['attack'],
	more: Partial<CensusPath> = {},
): CensusPath => ({
	id: `utils.${id}`,
	surface: 'utils',
	covers: [covers],
	actors: PEOPLE,
	layer: 'bundle',
	attack,
	...more,
});

const SORT = 'route POST /utils/sort/:collection';
const IMPORT = 'route POST /utils/import/:collection';
const BATCH = 'route POST /utils/import';

const one = (
	id: string,
	type: string,
	content: string,
	more: Partial<CensusPath> = {},
	where = '/utils/import/gov_items',
): CensusPath => path(`import-${id}`, IMPORT, upload(where, type, content), more);

const batch = (id: string, query: string, input: unknown, more: Partial<CensusPath> = {}): CensusPath =>
	path(`import-batch-${id}`, BATCH, upload(`/utils/import${query}`, 'application/json', JSON.stringify(input)), more);

const items = (...rows: unknown[]) => [{ collection: 'gov_items', items: rows }];
const x = { title: 'attacked' };
/** Only admins import batches. */
const admins: Partial<CensusPath> = { actors: ['editor', 'admin', 'agent'] };

/** The newest revision of a governed row that says something else than the row. */
const oldRevision = async (side: Side): Promise<void> => {
	const rows = await side.admin(
		'/revisions?filter[collection][_eq]=gov_items&filter[item][_eq]=6&sort=id&limit=1&fields=id',
	);
	side.notes.set('revision', (rows as { id: number }[])[0]?.id);
};

export const UTILS: readonly CensusPath[] = [
	path('sort', SORT, request('POST', '/utils/sort/gov_items', { item: 1, to: 4 })),
	path('sort-back', SORT, request('POST', '/utils/sort/gov_items', { item: 6, to: 2 })),
	path('sort-other', SORT, request('POST', '/utils/sort/gov_struct', { item: 1, to: 3 })),
	one('json', 'application/json', JSON.stringify([x])),
	one('json-merges', 'application/json', JSON.stringify([{ id: 1, ...x }])),
	one(
		'json-nested',
		'application/json',
		JSON.stringify([{ id: 1, title: 'open', children: [] }]),
		{},
		'/utils/import/open_parent',
	),
	one('json-singleton', 'application/json', JSON.stringify([x]), {}, '/utils/import/gov_single'),
	one(
		'json-background',
		'application/json',
		JSON.stringify([x]),
		{ late: true },
		'/utils/import/gov_items?background=true',
	),
	one('csv', 'text/csv', 'title,note\nattacked,csv\n'),
	one('csv-merges', 'text/csv', 'id,title\n1,attacked\n'),
	one('csv-background', 'text/csv', 'title\nattacked\n', { late: true }, '/utils/import/gov_items?background=true'),
	one('csv-excel', 'application/vnd.ms-excel', 'title,note\nattacked,excel\n'),
	batch('add', '', items(x), admins),
	batch('merge', '?mode=merge', items({ id: 1, ...x }), admins),
	batch('merge-adds', '?mode=merge', items({ id: 950, ...x }), admins),
	batch(
		'delete',
		'?mode=merge&dangerouslyAllowDelete=true',
		[{ collection: 'gov_struct', items: [{ id: 1, title: 'row 1' }] }],
		admins,
	),
	batch('dry-run', '?mode=merge&dryRun=true', items({ id: 1, ...x }), { ...admins, trace: 'row-version' }),
	batch(
		'among-open',
		'?mode=merge',
		[{ collection: 'open_tags', items: [{ id: 1, parent: 1 }] }, ...items({ id: 2, ...x })],
		admins,
	),
	batch(
		'metadata-collections',
		'?mode=merge',
		[{ collection: 'directus_collections', items: [{ collection: 'gov_struct', note: 'attacked' }] }],
		{ ...admins, layer: 'directus' },
	),
	batch(
		'metadata-fields',
		'?mode=merge',
		[
			{
				collection: 'directus_fields',
				items: [{ collection: 'gov_struct', field: 'extra', special: 'alias,no-data' }],
			},
		],
		{ ...admins, layer: 'directus' },
	),
	path(
		'revert',
		'route POST /utils/revert/:revision',
		request('POST', (side) => `/utils/revert/${side.notes.get('revision')}`),
		{
			arrange: oldRevision,
		},
	),
];
