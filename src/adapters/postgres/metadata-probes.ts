/** Rows that would describe a governed collection, or this bundle as disabled, and an entry of the audit trail. Each must be refused with GD005. */
export const METADATA_PROBES = [
	{
		table: 'directus_collections',
		statement: `insert into public.directus_collections (collection) values ('dot_tools')`,
	},
	{
		table: 'directus_fields',
		statement: `insert into public.directus_fields (collection, field) values ('dot_tools', 'probe')`,
	},
	{
		table: 'directus_relations',
		statement: `insert into public.directus_relations (many_collection, many_field, one_allowed_collections) values ('probe', 'probe', 'dot_tools')`,
	},
	{
		table: 'directus_extensions',
		statement: `insert into public.directus_extensions (id, folder, source, enabled)
			values (gen_random_uuid(), 'directus-extension-governed-dispatch', 'local', false)`,
	},
	{
		// Its own row, and a key given by hand, so that no sequence moves.
		table: 'directus_activity',
		statement: `insert into public.directus_activity (id, action, collection, item) values (-1, 'probe', 'dot_tools', 'probe');
			delete from public.directus_activity where id = -1`,
	},
] as const;
