-- Permits: how stewards write a governed table through Directus. A permit is taken inside the writing transaction, is good for
-- one statement there, and is compared with what that statement really did.
set local role governance_owner;

-- What the applied policy lets stewards do, table by table. Only apply writes here.
create table governance.steward_rules (
	collection text not null,
	name text not null,
	actions text[] not null,
	columns text[] not null,
	marks jsonb not null,
	primary key (collection, name)
);

create table governance.steward_tables (
	collection text primary key,
	-- Null: whoever creates a row names its key, as Directus does with a uuid.
	key_sequence text,
	-- Column to expression: what a column holds in a new row when nobody named it. A column that is missing here: null.
	defaults jsonb not null
);

create table governance.permits (
	id uuid not null,
	transaction_id xid8 not null,
	collection text not null,
	action text not null,
	rules text[] not null,
	columns text[] not null,
	-- Null: of rows not born yet.
	keys text[],
	max_rows integer,
	key_floor bigint,
	principal jsonb not null,
	generation bigint not null,
	-- Transaction numbers start again in a restored copy of the database; this does not come back.
	server_started timestamptz not null default pg_postmaster_start_time(),
	primary key (transaction_id, id)
);

-- One entry for each statement of a steward, however many rows it touched.
create table governance.steward_writes (
	id uuid not null,
	transaction_id xid8 not null,
	collection text not null,
	action text not null,
	rules text[] not null,
	principal jsonb not null,
	generation bigint not null,
	row_count bigint not null,
	columns text[] not null,
	-- The first hundred.
	row_keys text[] not null,
	written_at timestamptz not null default clock_timestamp(),
	primary key (transaction_id, id)
);

alter table governance.birth_certificates
	alter column apply_id drop not null,
	add column steward_write uuid,
	add constraint birth_certificates_one_origin check (num_nonnulls(apply_id, steward_write) = 1);

grant select, insert, update, delete on governance.steward_rules, governance.steward_tables, governance.permits to governance_writer;
grant select, insert on governance.steward_writes to governance_writer;
grant select on governance.steward_rules, governance.steward_tables, governance.steward_writes to governance_reader;

reset role;
set local role governance_writer;

-- Takes a permit for one statement of this transaction. It is as wide as the named rules and no wider, whoever asks: p_keys
-- are the rows to update or delete, p_rows is how many may be born. Who asks and which decision let it (p_principal,
-- p_decision) is what the caller says.
create function governance.take_permit(p_collection text, p_action text, p_rules text[], p_keys text[], p_rows integer, p_decision uuid, p_principal jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	v_table governance.steward_tables;
	v_columns text[];
	v_found bigint;
	v_floor bigint;
begin
	-- An older snapshot would still see rules that are gone.
	if current_setting('transaction_isolation') <> 'read committed' then
		raise exception using errcode = 'GD006',
			message = format('[DENIED] %s.%s: permits are taken in read committed transactions only', p_collection, p_action);
	end if;
	if octet_length(p_principal::text) > 2000 then
		raise exception using errcode = '22023', message = 'take_permit takes a principal of at most 2000 bytes';
	end if;
	-- Held to the end: an apply that changes the rules waits for this transaction, or this one for it.
	lock table governance.steward_rules in access share mode;
	select * into v_table from governance.steward_tables t where t.collection = p_collection;
	select count(distinct r.name), array_agg(distinct c.name) into v_found, v_columns
	from governance.steward_rules r left join lateral unnest(r.columns) c (name) on true
	where r.collection = p_collection and r.name = any (p_rules) and p_action = any (r.actions);
	if v_table.collection is null or v_found = 0 or v_found <> (select count(distinct n) from unnest(p_rules) n)
		or (p_action = 'create' and p_rows is null) or (p_action <> 'create' and p_keys is null) then
		raise exception using errcode = 'GD006',
			message = format('[DENIED] %s.%s: no steward rule gives this permit', p_collection, p_action),
			hint = 'Ask the operator: steward rules change with governed apply.';
	end if;
	if p_action = 'create' and v_table.key_sequence is not null then
		select coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart - 1) into v_floor
		from pg_sequence s where s.seqrelid = v_table.key_sequence::regclass;
	end if;
	-- What earlier transactions took and never used means nothing any more.
	if exists (select from governance.permits p where p.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
		or p.server_started <> pg_postmaster_start_time()) then
		delete from governance.permits p
		where (p.transaction_id, p.id) in (
			select o.transaction_id, o.id from governance.permits o
			where o.transaction_id < pg_snapshot_xmin(pg_current_snapshot()) or o.server_started <> pg_postmaster_start_time()
			limit 100 for update skip locked);
	end if;
	insert into governance.permits (id, transaction_id, collection, action, rules, columns, keys, max_rows, key_floor, principal, generation)
	values (p_decision, pg_current_xact_id(), p_collection, p_action, p_rules, coalesce(v_columns, '{}'), p_keys,
		case p_action when 'create' then p_rows end, v_floor, p_principal, (select max(g.generation) from governance.policy g));
end
$$;

-- Asked by the guard before a statement, which runs with the rights of Directus's role and may not look itself.
create function governance.permit_open(p_collection text, p_operation text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
	return exists (
		select from governance.permits p
		where p.transaction_id = pg_current_xact_id_if_assigned() and p.server_started = pg_postmaster_start_time()
			and p.collection = p_collection and p.action = case p_operation when 'INSERT' then 'create' else lower(p_operation) end);
end
$$;

-- Asked by the guard after a statement: the gate between the two has seen it and wrote it down.
create function governance.permit_spent(p_collection text, p_operation text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
	return exists (
		select from governance.steward_writes w
		where w.transaction_id = pg_current_xact_id_if_assigned() and w.collection = p_collection
			and w.action = case p_operation when 'INSERT' then 'create' else lower(p_operation) end);
end
$$;

-- AFTER statement, with transition tables, instead of fn_birth_gate where a table has stewards. A definer function: nobody
-- but this trigger can spend a permit. It compares bytes, so that no setting and no cast of the session has a say.
-- Arguments: class, key column.
create function governance.fn_steward_gate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	v_action text := case tg_op when 'INSERT' then 'create' else lower(tg_op) end;
	v_key text := tg_argv[1];
	v_table governance.steward_tables;
	v_apply uuid;
	v_permit governance.permits;
	v_tests text;
	v_keys text[];
	v_changed text[];
	v_rekeyed boolean := false;
	v_low bigint;
	v_high bigint;
begin
	-- Who has a permit open is no apply, whatever number the transaction has.
	if not governance.permit_open(tg_table_name, tg_op) then
		select a.id into v_apply from governance.applies a where a.transaction_id = pg_current_xact_id();
	end if;
	select * into v_table from governance.steward_tables t where t.collection = tg_table_name;
	select coalesce(string_agg(format('case when bool_or(%s) then %L end',
		case
			when tg_op = 'UPDATE' then format('record_image_ne(row(o.%1$I), row(n.%1$I))', a.attname)
			when tg_op = 'DELETE' then 'false'
			when v_table.defaults ? a.attname then format('record_image_ne(row(n.%I), row(%s))', a.attname, v_table.defaults ->> a.attname)
			else format('n.%I is not null', a.attname)
		end, a.attname), ', '), 'null')
	into v_tests
	from pg_attribute a where a.attrelid = tg_relid and a.attnum > 0 and not a.attisdropped and a.attname <> v_key;

	if tg_op = 'UPDATE' then
		execute format(
			'select coalesce(array_agg(format(''%%s'', coalesce(o.%1$I, n.%1$I))), ''{}''),
				coalesce(bool_or(o.%1$I is null or n.%1$I is null), false), array_remove(array[%2$s]::text[], null)
			from old_rows o full join new_rows n on format(''%%s'', o.%1$I) = format(''%%s'', n.%1$I)', v_key, v_tests)
			into v_keys, v_rekeyed, v_changed;
	else
		execute format(
			'select coalesce(array_agg(format(''%%s'', n.%1$I)), ''{}''), array_remove(array[%2$s]::text[], null) from %3$s n',
			v_key, v_tests, case tg_op when 'INSERT' then 'new_rows' else 'old_rows' end)
			into v_keys, v_changed;
	end if;
	if v_rekeyed then
		raise exception using errcode = 'GD003',
			message = format('[DENIED] %s.update: a row keeps its key, and so its birth certificate', tg_table_name),
			hint = 'Delete the row and insert it anew.';
	end if;

	if v_apply is null then
		if tg_op = 'INSERT' and v_table.key_sequence is not null then
			select min(k::bigint), max(k::bigint) into v_low, v_high from unnest(v_keys) k;
		end if;
		select p.* into v_permit from governance.permits p
		where p.transaction_id = pg_current_xact_id() and p.server_started = pg_postmaster_start_time()
			and p.collection = tg_table_name and p.action = v_action
			and v_changed <@ p.columns
			and (p.max_rows is null or cardinality(v_keys) <= p.max_rows)
			and (p.keys is null or not exists (select unnest(v_keys) except select unnest(p.keys)))
			-- A key nobody may choose is one that the sequence gave since the permit was taken.
			and (v_low is null or v_key = any (p.columns)
				or (v_low > p.key_floor and v_high <= pg_sequence_last_value(v_table.key_sequence::regclass)))
		limit 1;
		if v_permit.id is null then
			raise exception using errcode = 'GD006',
				message = format('[DENIED] %s.%s: no permit covers this steward write%s', tg_table_name, lower(tg_op),
					case when cardinality(v_changed) > 0 then ' of ' || array_to_string(v_changed, ', ') else '' end),
				hint = 'A permit names the rows and columns of one statement, and is taken in its transaction.';
		end if;
		delete from governance.permits p where p.transaction_id = v_permit.transaction_id and p.id = v_permit.id;
		insert into governance.steward_writes (id, transaction_id, collection, action, rules, principal, generation, row_count, columns, row_keys)
		values (v_permit.id, v_permit.transaction_id, v_permit.collection, v_permit.action, v_permit.rules, v_permit.principal,
			v_permit.generation, cardinality(v_keys), v_changed, v_keys[1:100]);
	end if;

	if tg_op = 'INSERT' then
		insert into governance.birth_certificates (collection, row_key, apply_id, steward_write)
		select tg_table_name, k, v_apply, v_permit.id from unnest(v_keys) k
		on conflict (collection, row_key) do update
			set apply_id = excluded.apply_id, steward_write = excluded.steward_write, born_at = excluded.born_at;
	elsif tg_op = 'DELETE' then
		delete from governance.birth_certificates c using unnest(v_keys) k where c.collection = tg_table_name and c.row_key = k;
	end if;
	return null;
end
$$;

revoke execute on function governance.take_permit(text, text, text[], text[], integer, uuid, jsonb), governance.permit_open(text, text),
	governance.permit_spent(text, text), governance.fn_steward_gate() from public;

reset role;
