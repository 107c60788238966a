-- The functions Directus's role may call. They run as governance_writer, pin their search path, and touch ledgers only:
-- none of them takes tool, contract, gate, grant or policy data.
set local role governance_writer;

-- Appends entries to the evidence log, in the order given, under the one head row; a retry with the same id appends
-- nothing twice. p_entries: [{"id": uuid, "body": text}]; body is stored byte for byte. No literal here needs a backslash:
-- the caller may have switched standard_conforming_strings off.
create function governance.append_evidence(p_entries jsonb) returns table (id uuid, entry_index bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	v_size bigint;
	v_added bigint;
begin
	if jsonb_typeof(p_entries) is distinct from 'array' or jsonb_array_length(p_entries) > 1000 then
		raise exception using errcode = '22023', message = 'append_evidence takes an array of at most 1000 entries';
	end if;
	-- A session keeps its plans while the ledgers grow: one made for small tables must not scan them whole later on.
	perform set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true);
	select h.size into strict v_size from governance.evidence_head h where h.singleton for update;
	with incoming as (
		select distinct on ((e.value ->> 'id')::uuid) (e.value ->> 'id')::uuid as id, convert_to(e.value ->> 'body', 'UTF8') as body,
			e.ordinality as n
		from jsonb_array_elements(p_entries) with ordinality e
		order by (e.value ->> 'id')::uuid, e.ordinality
	), fresh as (
		select i.id, i.body, row_number() over (order by i.n) - 1 as n
		from incoming i
		where not exists (select from public.governance_evidence g where g.id = i.id)
	), added as (
		insert into public.governance_evidence (entry_index, id, leaf_hash, body)
		select v_size + f.n, f.id, sha256(decode('00', 'hex') || f.body), f.body from fresh f
		returning 1
	)
	select count(*) into v_added from added;
	if v_added > 0 then
		update governance.evidence_head set size = v_size + v_added where singleton;
	end if;
	return query
		select g.id, g.entry_index
		from public.governance_evidence g
		where g.id in (select (e ->> 'id')::uuid from jsonb_array_elements(p_entries) e);
end
$$;

-- Claims dispatches for (caller, correlation id), or says what is known of them. Same order out as in.
create function governance.claim_dispatches(p_claims jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	v_claim jsonb;
	v_row governance.dispatch_claims;
	v_key text;
	v_token uuid;
	v_taken jsonb;
	v_new bigint;
	v_out jsonb := '[]';
begin
	if jsonb_typeof(p_claims) is distinct from 'array' or jsonb_array_length(p_claims) > 1000 then
		raise exception using errcode = '22023', message = 'claim_dispatches takes an array of at most 1000 claims';
	end if;
	-- A session keeps its plans while the ledgers grow: one made for small tables must not scan them whole later on.
	perform set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true);
	with claims as (
		select c.value ->> 'caller' as caller, c.value ->> 'correlation_id' as correlation_id,
			c.value ->> 'request_digest' as request_digest,
			clock_timestamp() + (c.value ->> 'lease_ms')::integer * interval '1 millisecond' as lease_until, c.ordinality as n
		from jsonb_array_elements(p_claims) with ordinality c
	), taken as (
		insert into governance.dispatch_claims as d (caller, correlation_id, request_digest, token, lease_until)
		select distinct on (c.caller, c.correlation_id) c.caller, c.correlation_id, c.request_digest, gen_random_uuid(), c.lease_until
		from claims c
		order by c.caller, c.correlation_id, c.n
		on conflict (caller, correlation_id) do nothing
		returning d.caller, d.correlation_id, d.request_digest, d.token
	)
	select coalesce(jsonb_object_agg(jsonb_build_array(t.caller, t.correlation_id)::text,
		jsonb_build_object('token', t.token, 'digest', t.request_digest)), '{}'), count(*)
	into v_taken, v_new from taken t;

	if v_new < jsonb_array_length(p_claims) then
		-- In the order of the key, as the insert above and settle_dispatches do, so that no two batches wait in a circle.
		perform from governance.dispatch_claims d
		join jsonb_array_elements(p_claims) c on d.caller = c ->> 'caller' and d.correlation_id = c ->> 'correlation_id'
		order by d.caller, d.correlation_id for update of d;
	end if;

	for v_claim in select value from jsonb_array_elements(p_claims) loop
		v_key := jsonb_build_array(v_claim ->> 'caller', v_claim ->> 'correlation_id')::text;
		if v_taken -> v_key ->> 'digest' = v_claim ->> 'request_digest' then
			v_out := v_out || jsonb_build_array(jsonb_build_object('status', 'claimed', 'token', v_taken -> v_key ->> 'token'));
			v_taken := v_taken - v_key;
			continue;
		end if;
		select * into v_row from governance.dispatch_claims d
		where d.caller = v_claim ->> 'caller' and d.correlation_id = v_claim ->> 'correlation_id';
		if v_row.request_digest <> v_claim ->> 'request_digest' then
			v_out := v_out || jsonb_build_array(jsonb_build_object('status', 'reused'));
		elsif v_row.answer is not null then
			v_out := v_out || jsonb_build_array(jsonb_build_object('status', 'recorded', 'answer', v_row.answer));
		elsif v_row.lease_until < clock_timestamp() then
			v_token := gen_random_uuid();
			update governance.dispatch_claims d
			set token = v_token, lease_until = clock_timestamp() + (v_claim ->> 'lease_ms')::integer * interval '1 millisecond'
			where d.caller = v_row.caller and d.correlation_id = v_row.correlation_id;
			v_out := v_out || jsonb_build_array(jsonb_build_object('status', 'claimed', 'token', v_token));
		else
			v_out := v_out || jsonb_build_array(jsonb_build_object('status', 'in_progress'));
		end if;
	end loop;
	return v_out;
end
$$;

-- Records answers and appends their evidence in one commit. An item whose claim was taken over in the meantime is left
-- out whole and comes back as {"settled": false}. An item without a token only appends its evidence. A repetition after a
-- lost connection (same token, same evidence id) is settled and adds nothing.
create function governance.settle_dispatches(p_items jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	v_live uuid[];
	v_evidence jsonb;
begin
	if jsonb_typeof(p_items) is distinct from 'array' or jsonb_array_length(p_items) > 1000 then
		raise exception using errcode = '22023', message = 'settle_dispatches takes an array of at most 1000 items';
	end if;
	if exists (select from jsonb_array_elements(p_items) i where i ->> 'token' is not null
			and jsonb_typeof(i -> 'answer') is distinct from 'object')
		or (select count((i ->> 'token')::uuid) <> count(distinct (i ->> 'token')::uuid) from jsonb_array_elements(p_items) i) then
		raise exception using errcode = '22023', message = 'settle_dispatches takes one answer, an object, for each token';
	end if;
	-- A session keeps its plans while the ledgers grow: one made for small tables must not scan them whole later on.
	perform set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true);
	with live as (
		select d.token from governance.dispatch_claims d
		join jsonb_array_elements(p_items) i on d.token = (i ->> 'token')::uuid
		where d.answer is null or d.evidence_id = (i -> 'evidence' ->> 'id')::uuid
		order by d.caller, d.correlation_id for update of d
	)
	select coalesce(array_agg(l.token), '{}') into v_live from live l;

	select coalesce(jsonb_agg(i.value -> 'evidence' order by i.ordinality), '[]') into v_evidence
	from jsonb_array_elements(p_items) with ordinality i
	where i.value ->> 'token' is null or (i.value ->> 'token')::uuid = any (v_live);
	perform governance.append_evidence(v_evidence);

	update governance.dispatch_claims d
	set answer = i -> 'answer', evidence_id = (i -> 'evidence' ->> 'id')::uuid
	from jsonb_array_elements(p_items) i
	where d.token = (i ->> 'token')::uuid and d.token = any (v_live) and d.answer is null;

	return (select coalesce(jsonb_agg(jsonb_build_object('settled',
		i.value ->> 'token' is null or (i.value ->> 'token')::uuid = any (v_live)) order by i.ordinality), '[]')
		from jsonb_array_elements(p_items) with ordinality i);
end
$$;

revoke execute on function governance.append_evidence(jsonb), governance.claim_dispatches(jsonb), governance.settle_dispatches(jsonb) from public;

reset role;
