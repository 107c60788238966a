-- Guards of the rows that could get round this product: flows, their operations, and Directus's own audit trail. Directus's
-- role owns these tables, so it could drop the triggers: whoever verifies finds that. All run as whoever writes.
set local role governance_owner;

-- What flows may consist of, written by apply. Without its row nothing is allowed.
create table governance.flow_policy (
	singleton boolean primary key default true check (singleton),
	mode text not null check (mode in ('enforce', 'report')),
	operations text[] not null
);

-- Why a row of directus_flows or directus_operations may not stand there, or null. First argument: flows | operations.
-- A flow that is not active does nothing; what it consists of is judged row by row in directus_operations.
create function governance.flow_fault(p_what text, p_row jsonb) returns text
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_mode text;
	v_allowed text[];
	v_options jsonb := nullif(p_row -> 'options', 'null');
	v_type text;
begin
	select mode, operations into v_mode, v_allowed from governance.flow_policy where singleton;
	if v_mode = 'report' then
		return null;
	end if;
	if p_what = 'operations' then
		return case when (p_row ->> 'type') = any (v_allowed) then null
			else format('operations of type %s are not in the policy', left(p_row ->> 'type', 64)) end;
	end if;
	if p_row ->> 'status' is distinct from 'active' then
		return null;
	end if;
	-- Directus would parse text once more.
	if v_options is not null and jsonb_typeof(v_options) <> 'object' then
		return 'its options are no object';
	end if;
	if p_row ->> 'trigger' = 'event' and v_options ->> 'type' = 'filter'
		and coalesce(v_options -> 'return', 'null') not in ('null', '""', 'false', '0') then
		return 'a filter flow may not return data: it would replace a payload that was already looked at';
	end if;
	select o.type into v_type from public.directus_operations o
	where o.flow = (p_row ->> 'id')::uuid and not coalesce(o.type = any (v_allowed), false) limit 1;
	return case when v_type is not null then format('it holds an operation of type %s', left(v_type, 64)) end;
end
$$;

-- Row guard on directus_flows and directus_operations. A row that stood there before the policy did stays, may be renamed,
-- cut off and switched off; nothing else about it changes. Before each row, and after it, because a trigger that sorts
-- later may change the row.
create function governance.fn_guard_flows() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_new jsonb := to_jsonb(new);
	v_fault text := governance.flow_fault(tg_argv[0], v_new);
	v_old jsonb;
begin
	if v_fault is null then
		return new;
	end if;
	if tg_op = 'UPDATE' then
		v_old := to_jsonb(old);
		if governance.flow_fault(tg_argv[0], v_old) is not null
			and not exists (select from unnest(array['status', 'trigger', 'accountability', 'options', 'key', 'type', 'flow', 'id']) k
				where v_old -> k is distinct from v_new -> k)
			and not exists (select from unnest(array['operation', 'resolve', 'reject']) k
				where v_new ->> k is not null and v_old -> k is distinct from v_new -> k) then
			return new;
		end if;
	end if;
	raise exception using errcode = 'GD005',
		message = format('[DENIED] %s.%s: %s', tg_table_name, lower(tg_op), v_fault),
		hint = 'A flow consists of governed-dispatch or governed-cdc-sync and of the helpers in the policy.';
end
$$;

-- Whether a row of directus_activity or directus_revisions is kept: it tells of a governed collection, or of what decides
-- over one. Logs of flow runs are not: Directus writes one for each run, and none tells of a change.
create function governance.audit_locked(p_row jsonb) returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp as $$
	select governance.is_governed(p_row ->> 'collection')
		or (p_row ->> 'collection' = any (array['directus_access', 'directus_collections', 'directus_extensions', 'directus_fields',
			'directus_flows', 'directus_operations', 'directus_permissions', 'directus_policies', 'directus_relations', 'directus_roles'])
			and not (p_row ->> 'collection' = 'directus_flows' and (coalesce(p_row ->> 'action', '') = 'run'
				or coalesce(jsonb_typeof(p_row -> 'data') = 'object' and p_row -> 'data' ? 'steps' and not p_row -> 'data' ? 'trigger', false))))
$$;

-- Row guard on directus_activity and directus_revisions. New rows pass; old ones are neither changed nor deleted.
create function governance.fn_guard_audit() returns trigger
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
	v_old jsonb;
	v_new jsonb;
begin
	if tg_op <> 'TRUNCATE' then
		v_old := to_jsonb(old);
		v_new := case when tg_op = 'UPDATE' then to_jsonb(new) end;
		if not governance.audit_locked(v_old) and not coalesce(governance.audit_locked(v_new), false) then
			return coalesce(new, old);
		end if;
		-- Directus puts nested revisions under their parent after it wrote them, and cuts them off from one it deletes.
		if v_old - 'parent' = v_new - 'parent' and (v_old -> 'parent' = 'null' or v_new -> 'parent' = 'null' or v_old = v_new) then
			return new;
		end if;
		-- Directus's retention job deletes by age, in batches. It cannot be told from anybody who writes the same words, so the
		-- row stays in either case; but the job goes on with the rest. Not inside a cascade: its parent row is gone already.
		if tg_op = 'DELETE' and tg_when = 'BEFORE' and pg_trigger_depth() = 1
			and current_query() ~ '^delete from "directus_(activity|revisions)" where "id" in [(]select "directus_(activity|revisions)"[.]"id" from ' then
			return null;
		end if;
	end if;
	raise exception using errcode = 'GD005',
		message = format('[DENIED] %s.%s: the audit trail of %s is locked', tg_table_name, lower(tg_op),
			coalesce(v_old ->> 'collection', 'governed collections')),
		hint = 'Entries about governed collections, and about what decides over them, are kept.';
end
$$;

revoke execute on function governance.flow_fault(text, jsonb), governance.fn_guard_flows(), governance.audit_locked(jsonb),
	governance.fn_guard_audit() from public;

reset role;
