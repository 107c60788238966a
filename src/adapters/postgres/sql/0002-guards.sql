-- The guards. All are SECURITY INVOKER: a definer trigger always sees its own owner, so the marker would say nothing.
-- The marker is the effective role governance_writer. The table owner is no marker: PostgreSQL runs foreign-key actions
-- as the owner of the referencing table, so a cascade started by Directus's role would carry it.
set local role governance_owner;

-- BEFORE statement guard. First argument: governed | stewarded | ledger | internal; then, where stewards write, Directus's role.
create function governance.fn_assert_safe_for_dot_action() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
begin
	if tg_op = 'TRUNCATE' then
		raise exception using errcode = 'GD002',
			message = format('[DENIED] %s.truncate: not in write allowlist', tg_table_name),
			hint = 'A governed table is never truncated. Ask the operator to change it with governed apply.';
	end if;
	if tg_argv[0] = 'stewarded' and current_user = tg_argv[1] then
		if not governance.permit_open(tg_table_name, tg_op) then
			raise exception using errcode = 'GD006',
				message = format('[DENIED] %s.%s: no permit covers this steward write', tg_table_name, lower(tg_op)),
				hint = 'Stewards write through Directus, which takes a permit in the same transaction.';
		end if;
		return null;
	end if;
	if current_user <> 'governance_writer' then
		raise exception using errcode = 'GD001',
			message = format('[DENIED] %s.%s: not in write allowlist', tg_table_name, lower(tg_op)),
			hint = 'Only a declared canonical writer changes this table. Dispatch a dry run and hand the operator a packet.';
	end if;
	if tg_argv[0] = 'ledger' and tg_op <> 'INSERT' then
		raise exception using errcode = 'GD001',
			message = format('[DENIED] %s.%s: the ledger is append-only', tg_table_name, lower(tg_op)),
			hint = 'Entries of a ledger are never changed or removed.';
	end if;
	return null;
end
$$;

-- AFTER statement, with transition tables: a row is born only inside a registered apply, and keeps its certificate.
-- Arguments: class, key column.
create function governance.fn_birth_gate() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_apply uuid;
	v_key text := tg_argv[1];
	v_collection text := tg_table_name;
	v_rekeyed boolean;
begin
	select id into v_apply from governance.applies where transaction_id = pg_current_xact_id();
	if v_apply is null then
		raise exception using errcode = 'GD003',
			message = format('[DENIED] %s.%s: no apply is recorded for this transaction', tg_table_name, lower(tg_op)),
			hint = 'Rows of a governed table come and go only through governed apply.';
	end if;
	if tg_op = 'INSERT' then
		-- A certificate without its row is left where a superuser removed the row past this gate: the row is born again.
		execute format(
			'insert into governance.birth_certificates (collection, row_key, apply_id) select %L, n.%I::text, %L from new_rows n
			on conflict (collection, row_key) do update set apply_id = excluded.apply_id, born_at = excluded.born_at',
			v_collection, v_key, v_apply);
	elsif tg_op = 'DELETE' then
		execute format(
			'delete from governance.birth_certificates c using old_rows o where c.collection = %L and c.row_key = o.%I::text',
			v_collection, v_key);
	else
		execute format(
			'select exists (select from new_rows n where not exists (select from old_rows o where o.%1$I = n.%1$I))', v_key)
			into v_rekeyed;
		if v_rekeyed then
			raise exception using errcode = 'GD003',
				message = format('[DENIED] %s.update: a row keeps its key, and so its birth certificate', tg_table_name),
				hint = 'Delete the row and insert it anew.';
		end if;
	end if;
	return null;
end
$$;

-- AFTER statement, last: whatever ran in between, the writer is still the writer, and a steward's write went through the
-- gate. Arguments as above.
create function governance.block_after_guard() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
begin
	if tg_argv[0] = 'stewarded' and current_user = tg_argv[1] and tg_op <> 'TRUNCATE' and governance.permit_spent(tg_table_name, tg_op) then
		return null;
	end if;
	if current_user <> 'governance_writer' or tg_op = 'TRUNCATE' or (tg_argv[0] = 'ledger' and tg_op <> 'INSERT') then
		raise exception using errcode = 'GD001',
			message = format('[DENIED] %s.%s: not in write allowlist', tg_table_name, lower(tg_op)),
			hint = 'Only a declared canonical writer changes this table.';
	end if;
	return null;
end
$$;

-- What an executor calls before it computes anything: refuses unless this session cannot write governed data.
create function governance.fn_assert_safe_for_dot_action(p_tool text) returns void
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_collection text;
begin
	if current_setting('transaction_read_only') <> 'on' then
		raise exception using errcode = 'GD004', message = format('[REFUSED] %s: the transaction is not read only', p_tool);
	end if;
	if current_setting('transaction_isolation') <> 'repeatable read' then
		raise exception using errcode = 'GD004', message = format('[REFUSED] %s: the isolation level is not repeatable read', p_tool);
	end if;
	if pg_has_role(session_user, 'governance_writer', 'MEMBER') or pg_has_role(session_user, 'governance_owner', 'MEMBER') then
		raise exception using errcode = 'GD004', message = format('[REFUSED] %s: this role may become a writer of governed data', p_tool);
	end if;
	select g.collection into v_collection
	from governance.governed_collections g
	where to_regclass(format('public.%I', g.collection)) is not null
		and (has_table_privilege(session_user, format('public.%I', g.collection), 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
			or has_any_column_privilege(session_user, format('public.%I', g.collection), 'INSERT, UPDATE'))
	limit 1;
	if v_collection is not null then
		raise exception using errcode = 'GD004',
			message = format('[REFUSED] %s: this role may write %s', p_tool, v_collection),
			hint = 'Connect executors as governance_reader.';
	end if;
end
$$;

create function governance.is_governed(p_collection text) returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp as $$
	select exists (select from governance.governed_collections where collection = p_collection)
$$;

-- The governed collection that a row of a metadata table describes, or the entry of this bundle; null for an open row.
create function governance.subject_of_metadata(p_describes text, p_row jsonb) returns text
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_subject text;
	v_entries text[] := array['governed-guard', 'governance', 'governance-module'];
begin
	if p_describes in ('collections', 'fields') then
		select p_row ->> 'collection' into v_subject where governance.is_governed(p_row ->> 'collection');
	elsif p_describes = 'relations' then
		-- A list typed by hand carries spaces and quotes; a governed name has none, so both ends are trimmed to a name.
		select c into v_subject
		from unnest(array[p_row ->> 'many_collection', p_row ->> 'one_collection'] || array(
			select regexp_replace(a, '^[^A-Za-z0-9_]+|[^A-Za-z0-9_]+$', '', 'g')
			from unnest(string_to_array(p_row ->> 'one_allowed_collections', ',')) a)) c
		where governance.is_governed(c) limit 1;
	elsif p_row ->> 'folder' = 'directus-extension-governed-dispatch'
		or (p_row ->> 'folder' = any (v_entries) and p_row ->> 'bundle' is not null) then
		v_subject := p_row ->> 'folder';
	-- The folder a bundle lies in is the operator's choice; its entries tell which bundle it is.
	elsif exists (select from public.directus_extensions e where e.bundle = (p_row ->> 'id')::uuid and e.folder = 'governed-guard') then
		v_subject := p_row ->> 'folder';
	end if;
	return v_subject;
end
$$;

-- Row guard on directus_collections, directus_fields, directus_relations and directus_extensions. It protects the rows
-- that describe a governed collection or this bundle; every other row passes. First argument: what the table describes.
-- It stands BEFORE each row, for a clear answer, and AFTER it, because a trigger that sorts later may change the row.
create function governance.fn_block_metadata() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_rows jsonb[] := case tg_op when 'INSERT' then array[to_jsonb(new)] when 'DELETE' then array[to_jsonb(old)]
		else array[to_jsonb(old), to_jsonb(new)] end;
	v_row jsonb;
	v_subject text;
begin
	if current_user = 'governance_writer' then
		return coalesce(new, old);
	end if;
	foreach v_row in array v_rows loop
		v_subject := governance.subject_of_metadata(tg_argv[0], v_row);
		if v_subject is null then
			continue;
		end if;
		-- Directus itself inserts the rows of a bundle it finds on disk, and rewrites them unchanged.
		if tg_argv[0] = 'extensions' and tg_op = 'INSERT' and (v_row ->> 'enabled')::boolean then
			continue;
		end if;
		if tg_argv[0] = 'extensions' and tg_op = 'UPDATE' and v_rows[1] = v_rows[2] then
			continue;
		end if;
		raise exception using errcode = 'GD005',
			message = format('[DENIED] %s.%s: %s is governed, its description is locked', tg_table_name, lower(tg_op), v_subject),
			hint = 'Ask the operator to change it with governed apply.';
	end loop;
	return coalesce(new, old);
end
$$;

create function governance.fn_block_metadata_truncate() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
begin
	raise exception using errcode = 'GD005',
		message = format('[DENIED] %s.truncate: it describes governed collections', tg_table_name);
end
$$;

revoke execute on all functions in schema governance from public;
grant execute on function governance.fn_assert_safe_for_dot_action(text) to governance_reader;
grant execute on function governance.is_governed(text), governance.subject_of_metadata(text, jsonb) to governance_writer, governance_reader;

reset role;
