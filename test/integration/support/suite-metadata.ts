import { beforeAll, describe, expect, test } from 'vitest';
import { METADATA_TABLES } from '../../../src/core/governed-tables.ts';
import { attempt, attemptAndUndo, type Statement } from './attempt.ts';
import { appliedChanges, collections } from './governed-database.ts';
import { type Scene, undone } from './scene.ts';

const PARENT = '00000000-0000-4000-8000-00000000b001';
const OTHER = '00000000-0000-4000-8000-00000000b002';

const bundleRows = (id: string, folder: string, ...entries: string[]) =>
	`insert into public.directus_extensions (id, folder, source, bundle, enabled) values ('${id}', '${folder}', 'local', null, true)${entries
		.map((entry) => `, (gen_random_uuid(), '${entry}', 'local', '${id}', true)`)
		.join('')}`;

/** What stands in Directus's tables: a governed collection, an open one, this bundle in a folder of another name, another bundle. */
const FIXTURE = `
	create table public.articles (id int primary key); create table public.notes (id int primary key);
	insert into public.directus_collections (collection) values ('articles'), ('notes');
	insert into public.directus_fields (collection, field) values ('articles', 'id'), ('notes', 'id'), ('notes', 'alias');
	insert into public.directus_relations (many_collection, many_field, one_collection) values ('articles', 'author', 'directus_users'), ('notes', 'author', 'directus_users');
	${bundleRows(PARENT, 'our-guard', 'governed-guard', 'governance', 'governance-module')};
	${bundleRows(OTHER, 'other-bundle', 'panel')};`;

const allowed = (list: string) =>
	`insert into public.directus_relations (many_collection, many_field, one_allowed_collections) values ('notes', 'item', '${list}')`;

const ATTACKS: Record<string, Record<string, string | Statement>> = {
	directus_collections: {
		update: `update public.directus_collections set note = 'x' where collection = 'articles'`,
		'make inactive': `update public.directus_collections set status = 'inactive' where collection = 'articles'`,
		'turn versioning on': `update public.directus_collections set versioning = true where collection = 'articles'`,
		'update everything': `update public.directus_collections set hidden = true`,
		rename: `update public.directus_collections set collection = 'gone' where collection = 'articles'`,
		'describe an open row as governed': `update public.directus_collections set collection = 'governance_gates' where collection = 'notes'`,
		delete: `delete from public.directus_collections where collection = 'articles'`,
		'delete everything': 'delete from public.directus_collections',
		insert: `insert into public.directus_collections (collection) values ('governance_reviews')`,
		'insert among open ones': `insert into public.directus_collections (collection) values ('open'), ('governance_reviews')`,
		upsert: `insert into public.directus_collections (collection) values ('articles') on conflict (collection) do update set note = 'x'`,
		merge: `merge into public.directus_collections c using (values ('articles')) v (n) on c.collection = v.n when matched then update set note = 'x'`,
		cte: `with d as (delete from public.directus_collections where collection = 'articles' returning 1) select * from d`,
		copy: { sql: 'copy public.directus_collections (collection) from stdin', copy: 'governance_reviews\n' },
		truncate: 'truncate public.directus_collections cascade',
	},
	directus_fields: {
		update: `update public.directus_fields set readonly = false, note = 'x' where collection = 'articles'`,
		'set without a change': `update public.directus_fields set note = note where collection = 'articles'`,
		delete: `delete from public.directus_fields where collection = 'articles'`,
		insert: `insert into public.directus_fields (collection, field, special) values ('dot_tools', 'planted', 'alias')`,
		're-point an open row': `update public.directus_fields set collection = 'articles' where collection = 'notes' and field = 'alias'`,
		'point a governed row elsewhere': `update public.directus_fields set collection = 'notes' where collection = 'articles'`,
		truncate: 'truncate public.directus_fields',
	},
	directus_relations: {
		update: `update public.directus_relations set one_deselect_action = 'delete' where many_collection = 'articles'`,
		delete: `delete from public.directus_relations where many_collection = 'articles'`,
		'insert as many': `insert into public.directus_relations (many_collection, many_field, one_collection) values ('dot_tools', 'x', 'notes')`,
		'insert as one': `insert into public.directus_relations (many_collection, many_field, one_collection, one_field) values ('notes', 'x', 'articles', 'kids')`,
		're-point many': `update public.directus_relations set many_collection = 'articles' where many_collection = 'notes'`,
		're-point one': `update public.directus_relations set one_collection = 'articles' where many_collection = 'notes'`,
		'allow one': allowed('articles'),
		'allow one of several': allowed('notes,articles,other'),
		'allow with spaces': allowed('notes, articles , other'),
		'allow with other white space': allowed('notes,\t\narticles\r'),
		'allow with a no-break space': allowed('notes,\u00a0articles'),
		'allow with quotes': allowed('notes,"articles"'),
		'allow with single quotes': allowed(`notes,''articles''`),
		'allow as JSON': allowed('["notes", "articles"]'),
		'allow as an array literal': allowed('{notes,articles}'),
		'allow later': `update public.directus_relations set one_allowed_collections = 'articles' where many_collection = 'notes'`,
		truncate: 'truncate public.directus_relations',
	},
	directus_extensions: {
		'disable the bundle': `update public.directus_extensions set enabled = false where id = '${PARENT}'`,
		'disable one entry': `update public.directus_extensions set enabled = false where folder = 'governed-guard'`,
		'disable all at once': 'update public.directus_extensions set enabled = false',
		'rename the folder': `update public.directus_extensions set folder = 'x' where id = '${PARENT}'`,
		'change the id': `update public.directus_extensions set id = gen_random_uuid() where id = '${PARENT}'`,
		'tear an entry off': `update public.directus_extensions set bundle = null where folder = 'governed-guard'`,
		'move an entry': `update public.directus_extensions set bundle = '${OTHER}' where folder = 'governed-guard'`,
		'delete the bundle': `delete from public.directus_extensions where id = '${PARENT}'`,
		'delete with entries': `delete from public.directus_extensions where id = '${PARENT}' or bundle = '${PARENT}'`,
		'delete an entry': `delete from public.directus_extensions where folder = 'governance'`,
		'insert it as disabled': `insert into public.directus_extensions (id, folder, source, enabled) values (gen_random_uuid(), 'directus-extension-governed-dispatch', 'module', false)`,
		'insert an entry as disabled': `insert into public.directus_extensions (id, folder, source, bundle, enabled) values (gen_random_uuid(), 'governed-guard', 'local', '${PARENT}', false)`,
		'turn another entry into ours': `update public.directus_extensions set folder = 'governed-guard' where folder = 'panel'`,
		truncate: 'truncate public.directus_extensions',
	},
};

const OPEN: Record<string, string> = {
	'an open collection': `update public.directus_collections set note = 'x' where collection = 'notes'`,
	'a new open collection': `insert into public.directus_collections (collection) values ('fresh')`,
	'a name that differs in case': `insert into public.directus_collections (collection) values ('Articles'), ('DOT_TOOLS')`,
	'a name that only begins alike': `insert into public.directus_collections (collection) values ('articles_archive')`,
	'a grouped collection': `update public.directus_collections set "group" = 'articles' where collection = 'notes'`,
	'a field': `update public.directus_fields set note = 'x' where collection = 'notes'`,
	'a new field': `insert into public.directus_fields (collection, field) values ('notes', 'x')`,
	'a relation': `update public.directus_relations set one_deselect_action = 'delete' where many_collection = 'notes'`,
	'a relation to anything open': allowed('notes,Articles,articles_archive,my-articles'),
	'another extension disabled': `update public.directus_extensions set enabled = false where id = '${OTHER}' or bundle = '${OTHER}'`,
	'another extension removed': `delete from public.directus_extensions where id = '${OTHER}' or bundle = '${OTHER}'`,
	'another extension whose folder is called governance': `insert into public.directus_extensions (id, folder, source, enabled) values (gen_random_uuid(), 'governance', 'local', false)`,
	'the rows Directus inserts at boot': bundleRows(
		'00000000-0000-4000-8000-00000000b003',
		'directus-extension-governed-dispatch',
		'governed-guard',
		'governance',
		'governance-module',
	),
	'bundle rows written back as they are': `update public.directus_extensions set enabled = enabled where bundle = '${PARENT}' or id = '${PARENT}'`,
};

/** Rows of Directus's own tables that describe what is governed: WRITE-PATHS rows 15, 16, 22 and 23, in SQL. */
export function metadataSuite(scene: () => Scene): void {
	describe('metadata of governed collections', () => {
		beforeAll(async () => {
			await scene().directus.query(FIXTURE);
			appliedChanges(await scene().database.apply(collections('articles')));
		});

		describe.each(Object.entries(ATTACKS))('%s', (table, attacks) => {
			test.each(Object.entries(attacks))('%s is refused', async (_, statement) => {
				const { directus, superuser } = scene();
				await undone(directus, async () => {
					expect(await attempt(directus, statement)).toMatchObject({
						code: 'GD005',
						message: expect.stringMatching(/^\[DENIED\] directus_/),
					});
				});
				await undone(superuser, async () => {
					for (const { name } of METADATA_TABLES)
						await superuser.query(`alter table public.${name} disable trigger user`);
					expect((await attemptAndUndo(superuser, statement)).code, `${table} without the guard`).toBeNull();
				});
			});
		});

		test.each(Object.entries(OPEN))('%s passes', async (_, sql) => {
			const { directus } = scene();
			await undone(directus, async () =>
				expect(await attempt(directus, sql)).toMatchObject({ code: null, message: '' }),
			);
		});

		test('a trigger that sorts after the guard and re-points the row is caught by the last look', async () => {
			const { directus } = scene();
			const write = `insert into public.directus_fields (collection, field) values ('notes', 'open')`;
			await undone(directus, async () => {
				await directus.query(`create function public.repoint() returns trigger language plpgsql as $$ begin new.collection := 'articles'; return new; end $$;
					create trigger zz_repoint before insert on public.directus_fields for each row execute function public.repoint()`);
				expect((await attemptAndUndo(directus, write)).code).toBe('GD005');
				await directus.query('alter table public.directus_fields disable trigger governance_metadata_last_look');
				expect((await attemptAndUndo(directus, write)).code).toBeNull();
			});
		});

		test('binds the operator and a superuser in replica mode alike', async () => {
			const { operator, superuser } = scene();
			const write = `delete from public.directus_collections where collection = 'articles'`;
			await undone(operator, async () => expect((await attempt(operator, write)).code).toBe('GD005'));
			await undone(superuser, async () => {
				await superuser.query('set local session_replication_role = replica');
				expect((await attempt(superuser, write)).code).toBe('GD005');
			});
		});
	});
}
