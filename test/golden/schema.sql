-- roles
create role governance_owner nologin;
create role governance_writer nologin;

-- schemas
create schema governance authorization governance_owner;
grant USAGE on schema governance to directus;
grant USAGE on schema governance to governance_reader;
grant USAGE on schema governance to governance_writer;

-- tables
create table governance.applies (
	id uuid not null,
	transaction_id xid8 not null,
	plan_digest text not null,
	config_digest text not null,
	operator text not null,
	summary jsonb not null,
	applied_at timestamp with time zone not null default now(),
	constraint applies_pkey PRIMARY KEY (id),
	constraint applies_transaction_id_key UNIQUE (transaction_id)
);
alter table governance.applies owner to governance_owner;
create table governance.birth_certificates (
	collection text not null,
	row_key text not null,
	apply_id uuid,
	born_at timestamp with time zone not null default now(),
	steward_write uuid,
	constraint birth_certificates_apply_id_fkey FOREIGN KEY (apply_id) REFERENCES governance.applies(id),
	constraint birth_certificates_one_origin CHECK ((num_nonnulls(apply_id, steward_write) = 1)),
	constraint birth_certificates_pkey PRIMARY KEY (collection, row_key)
);
alter table governance.birth_certificates owner to governance_owner;
create table governance.dispatch_claims (
	caller text not null,
	correlation_id text not null,
	request_digest text not null,
	token uuid not null,
	lease_until timestamp with time zone not null,
	answer jsonb,
	evidence_id uuid,
	claimed_at timestamp with time zone not null default now(),
	constraint dispatch_claims_pkey PRIMARY KEY (caller, correlation_id),
	constraint dispatch_claims_token_key UNIQUE (token)
);
alter table governance.dispatch_claims owner to governance_owner;
create table governance.evidence_head (
	singleton boolean not null default true,
	origin uuid not null default gen_random_uuid(),
	size bigint not null default 0,
	constraint evidence_head_pkey PRIMARY KEY (singleton),
	constraint evidence_head_singleton_check CHECK (singleton),
	constraint evidence_head_size_check CHECK ((size >= 0))
);
alter table governance.evidence_head owner to governance_owner;
create table governance.flow_policy (
	singleton boolean not null default true,
	mode text not null,
	operations text[] not null,
	constraint flow_policy_mode_check CHECK ((mode = ANY (ARRAY['enforce'::text, 'report'::text]))),
	constraint flow_policy_pkey PRIMARY KEY (singleton),
	constraint flow_policy_singleton_check CHECK (singleton)
);
alter table governance.flow_policy owner to governance_owner;
create table governance.governed_collections (
	collection text not null,
	class text not null,
	constraint governed_collections_class_check CHECK ((class = ANY (ARRAY['governed'::text, 'registry'::text, 'ledger'::text]))),
	constraint governed_collections_pkey PRIMARY KEY (collection)
);
alter table governance.governed_collections owner to governance_owner;
create table governance.grant_uses (
	grant_id uuid not null,
	claim uuid not null,
	used_at timestamp with time zone not null default clock_timestamp(),
	constraint grant_uses_pkey PRIMARY KEY (grant_id, claim)
);
alter table governance.grant_uses owner to governance_owner;
create table governance.migrations (
	id integer not null,
	name text not null,
	digest text not null,
	applied_at timestamp with time zone not null default now(),
	constraint migrations_pkey PRIMARY KEY (id)
);
alter table governance.migrations owner to governance_owner;
create table governance.permits (
	id uuid not null,
	transaction_id xid8 not null,
	collection text not null,
	action text not null,
	rules text[] not null,
	columns text[] not null,
	keys text[],
	max_rows integer,
	key_floor bigint,
	principal jsonb not null,
	generation bigint not null,
	server_started timestamp with time zone not null default pg_postmaster_start_time(),
	constraint permits_pkey PRIMARY KEY (transaction_id, id)
);
alter table governance.permits owner to governance_owner;
create table governance.policy (
	generation bigint not null,
	digest text not null,
	jws text not null,
	key_id text not null,
	apply_id uuid not null,
	applied_at timestamp with time zone not null default now(),
	constraint policy_apply_id_fkey FOREIGN KEY (apply_id) REFERENCES governance.applies(id),
	constraint policy_generation_check CHECK ((generation > 0)),
	constraint policy_pkey PRIMARY KEY (generation)
);
alter table governance.policy owner to governance_owner;
create table governance.steward_rules (
	collection text not null,
	name text not null,
	actions text[] not null,
	columns text[] not null,
	marks jsonb not null,
	constraint steward_rules_pkey PRIMARY KEY (collection, name)
);
alter table governance.steward_rules owner to governance_owner;
create table governance.steward_tables (
	collection text not null,
	key_sequence text,
	defaults jsonb not null,
	constraint steward_tables_pkey PRIMARY KEY (collection)
);
alter table governance.steward_tables owner to governance_owner;
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
	row_keys text[] not null,
	written_at timestamp with time zone not null default clock_timestamp(),
	constraint steward_writes_pkey PRIMARY KEY (transaction_id, id)
);
alter table governance.steward_writes owner to governance_owner;
create table governance.taken_tables (
	collection text not null,
	owner text not null,
	privileges jsonb not null,
	apply_id uuid not null,
	mark text,
	constraint taken_tables_apply_id_fkey FOREIGN KEY (apply_id) REFERENCES governance.applies(id),
	constraint taken_tables_pkey PRIMARY KEY (collection)
);
alter table governance.taken_tables owner to governance_owner;
create table public.dot_agent_api_contract (
	tool text not null,
	version text not null,
	executor text not null,
	path text not null,
	modes jsonb not null,
	side_effects text not null,
	input_schema jsonb not null,
	output_schema jsonb not null,
	callers jsonb not null,
	rate_per_minute integer not null,
	max_input_bytes integer not null,
	digest text not null,
	constraint dot_agent_api_contract_max_input_bytes_check CHECK ((max_input_bytes > 0)),
	constraint dot_agent_api_contract_modes_check CHECK (((jsonb_typeof(modes) = 'array'::text) AND (modes <@ '["PLAN_ONLY", "DRY_RUN"]'::jsonb))),
	constraint dot_agent_api_contract_pkey PRIMARY KEY (tool),
	constraint dot_agent_api_contract_rate_per_minute_check CHECK ((rate_per_minute > 0)),
	constraint dot_agent_api_contract_side_effects_check CHECK ((side_effects = 'none'::text)),
	constraint dot_agent_api_contract_tool_fkey FOREIGN KEY (tool) REFERENCES public.dot_tools(code)
);
alter table public.dot_agent_api_contract owner to governance_owner;
create table public.dot_tools (
	code text not null,
	title text not null,
	verb text not null,
	object text not null,
	description text not null,
	version text not null,
	path text not null,
	channel text not null,
	status text not null,
	last_executed timestamp with time zone,
	constraint dot_tools_code_check CHECK ((code ~ '^[A-Z][A-Z0-9_]{1,127}$'::text)),
	constraint dot_tools_pkey PRIMARY KEY (code)
);
alter table public.dot_tools owner to governance_owner;
create table public.governance_canonical_operation_vocab (
	operation text not null,
	verb text not null,
	object text not null,
	qualifiers jsonb not null,
	tools jsonb not null,
	constraint governance_canonical_operation_vocab_pkey PRIMARY KEY (operation)
);
alter table public.governance_canonical_operation_vocab owner to governance_owner;
create table public.governance_evidence (
	entry_index bigint not null,
	id uuid not null,
	leaf_hash bytea not null,
	body bytea not null,
	recorded_at timestamp with time zone not null default clock_timestamp(),
	constraint governance_evidence_entry_index_check CHECK ((entry_index >= 0)),
	constraint governance_evidence_id_key UNIQUE (id),
	constraint governance_evidence_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32)),
	constraint governance_evidence_pkey PRIMARY KEY (entry_index)
);
alter table public.governance_evidence owner to governance_owner;
create table public.governance_gates (
	id smallint not null,
	dispatch_enabled boolean not null,
	dry_run_only boolean not null,
	execute_enabled boolean not null,
	real_run_enabled boolean not null,
	constraint governance_gates_dry_run_only_check CHECK (dry_run_only),
	constraint governance_gates_execute_enabled_check CHECK ((NOT execute_enabled)),
	constraint governance_gates_id_check CHECK ((id = 1)),
	constraint governance_gates_pkey PRIMARY KEY (id),
	constraint governance_gates_real_run_enabled_check CHECK ((NOT real_run_enabled))
);
alter table public.governance_gates owner to governance_owner;
create table public.governance_grants (
	id uuid not null,
	token_hash text not null,
	tool text not null,
	caller text not null,
	modes jsonb not null,
	contract_digest text not null,
	lane text,
	expires_at timestamp with time zone not null,
	max_uses integer not null,
	revoked_at timestamp with time zone,
	constraint governance_grants_max_uses_check CHECK ((max_uses > 0)),
	constraint governance_grants_modes_check CHECK (((jsonb_typeof(modes) = 'array'::text) AND (modes <@ '["PLAN_ONLY", "DRY_RUN"]'::jsonb))),
	constraint governance_grants_pkey PRIMARY KEY (id),
	constraint governance_grants_token_hash_key UNIQUE (token_hash),
	constraint governance_grants_tool_fkey FOREIGN KEY (tool) REFERENCES public.dot_tools(code)
);
alter table public.governance_grants owner to governance_owner;
create table public.governance_reviews (
	id uuid not null,
	packet_digest text not null,
	reviewer text not null,
	verdict text not null,
	recorded_at timestamp with time zone not null default now(),
	constraint governance_reviews_pkey PRIMARY KEY (id),
	constraint governance_reviews_verdict_check CHECK ((verdict = ANY (ARRAY['confirmed'::text, 'rejected'::text])))
);
alter table public.governance_reviews owner to governance_owner;
create table public.table_registry (
	table_name text not null,
	class text not null,
	purpose text not null,
	constraint table_registry_pkey PRIMARY KEY (table_name)
);
alter table public.table_registry owner to governance_owner;

-- other relations, rules, policies and statistics objects

-- indexes
CREATE INDEX governance_evidence_applies ON public.governance_evidence USING btree (entry_index) WHERE (POSITION((decode('226b696e64223a226170706c7922'::text, 'hex'::text)) IN (body)) > 0);
CREATE UNIQUE INDEX applies_pkey ON governance.applies USING btree (id);
CREATE UNIQUE INDEX applies_transaction_id_key ON governance.applies USING btree (transaction_id);
CREATE UNIQUE INDEX birth_certificates_pkey ON governance.birth_certificates USING btree (collection, row_key);
CREATE UNIQUE INDEX dispatch_claims_pkey ON governance.dispatch_claims USING btree (caller, correlation_id);
CREATE UNIQUE INDEX dispatch_claims_token_key ON governance.dispatch_claims USING btree (token);
CREATE UNIQUE INDEX dot_agent_api_contract_pkey ON public.dot_agent_api_contract USING btree (tool);
CREATE UNIQUE INDEX dot_tools_pkey ON public.dot_tools USING btree (code);
CREATE UNIQUE INDEX evidence_head_pkey ON governance.evidence_head USING btree (singleton);
CREATE UNIQUE INDEX flow_policy_pkey ON governance.flow_policy USING btree (singleton);
CREATE UNIQUE INDEX governance_canonical_operation_vocab_pkey ON public.governance_canonical_operation_vocab USING btree (operation);
CREATE UNIQUE INDEX governance_evidence_id_key ON public.governance_evidence USING btree (id);
CREATE UNIQUE INDEX governance_evidence_pkey ON public.governance_evidence USING btree (entry_index);
CREATE UNIQUE INDEX governance_gates_pkey ON public.governance_gates USING btree (id);
CREATE UNIQUE INDEX governance_grants_pkey ON public.governance_grants USING btree (id);
CREATE UNIQUE INDEX governance_grants_token_hash_key ON public.governance_grants USING btree (token_hash);
CREATE UNIQUE INDEX governance_reviews_pkey ON public.governance_reviews USING btree (id);
CREATE UNIQUE INDEX governed_collections_pkey ON governance.governed_collections USING btree (collection);
CREATE UNIQUE INDEX grant_uses_pkey ON governance.grant_uses USING btree (grant_id, claim);
CREATE UNIQUE INDEX migrations_pkey ON governance.migrations USING btree (id);
CREATE UNIQUE INDEX permits_pkey ON governance.permits USING btree (transaction_id, id);
CREATE UNIQUE INDEX policy_pkey ON governance.policy USING btree (generation);
CREATE UNIQUE INDEX steward_rules_pkey ON governance.steward_rules USING btree (collection, name);
CREATE UNIQUE INDEX steward_tables_pkey ON governance.steward_tables USING btree (collection);
CREATE UNIQUE INDEX steward_writes_pkey ON governance.steward_writes USING btree (transaction_id, id);
CREATE UNIQUE INDEX table_registry_pkey ON public.table_registry USING btree (table_name);
CREATE UNIQUE INDEX taken_tables_pkey ON governance.taken_tables USING btree (collection);

-- functions
CREATE OR REPLACE FUNCTION governance.append_evidence(p_entries jsonb)
 RETURNS TABLE(id uuid, entry_index bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.append_evidence(jsonb) owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.audit_locked(p_row jsonb)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
	select governance.is_governed(p_row ->> 'collection')
		or (p_row ->> 'collection' = any (array['directus_access', 'directus_collections', 'directus_extensions', 'directus_fields',
			'directus_flows', 'directus_operations', 'directus_permissions', 'directus_policies', 'directus_relations', 'directus_roles'])
			and not (p_row ->> 'collection' = 'directus_flows' and (coalesce(p_row ->> 'action', '') = 'run'
				or coalesce(jsonb_typeof(p_row -> 'data') = 'object' and p_row -> 'data' ? 'steps' and not p_row -> 'data' ? 'trigger', false))))
$function$;
alter function governance.audit_locked(jsonb) owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.block_after_guard()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.block_after_guard() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.claim_dispatches(p_claims jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.claim_dispatches(jsonb) owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.flow_fault(p_what text, p_row jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.flow_fault(text,jsonb) owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_assert_safe_for_dot_action()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_assert_safe_for_dot_action() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_assert_safe_for_dot_action(p_tool text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_assert_safe_for_dot_action(text) owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_birth_gate()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_birth_gate() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_block_metadata()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_block_metadata() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_block_metadata_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
	raise exception using errcode = 'GD005',
		message = format('[DENIED] %s.truncate: it describes governed collections', tg_table_name);
end
$function$;
alter function governance.fn_block_metadata_truncate() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_guard_audit()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_guard_audit() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_guard_flows()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_guard_flows() owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.fn_steward_gate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.fn_steward_gate() owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.is_governed(p_collection text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
	select exists (select from governance.governed_collections where collection = p_collection)
$function$;
alter function governance.is_governed(text) owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.permit_open(p_collection text, p_operation text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
	return exists (
		select from governance.permits p
		where p.transaction_id = pg_current_xact_id_if_assigned() and p.server_started = pg_postmaster_start_time()
			and p.collection = p_collection and p.action = case p_operation when 'INSERT' then 'create' else lower(p_operation) end);
end
$function$;
alter function governance.permit_open(text,text) owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.permit_spent(p_collection text, p_operation text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
	return exists (
		select from governance.steward_writes w
		where w.transaction_id = pg_current_xact_id_if_assigned() and w.collection = p_collection
			and w.action = case p_operation when 'INSERT' then 'create' else lower(p_operation) end);
end
$function$;
alter function governance.permit_spent(text,text) owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.settle_dispatches(p_items jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.settle_dispatches(jsonb) owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.subject_of_metadata(p_describes text, p_row jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.subject_of_metadata(text,jsonb) owner to governance_owner;
CREATE OR REPLACE FUNCTION governance.take_permit(p_collection text, p_action text, p_rules text[], p_keys text[], p_rows integer, p_decision uuid, p_principal jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
alter function governance.take_permit(text,text,text[],text[],integer,uuid,jsonb) owner to governance_writer;
CREATE OR REPLACE FUNCTION governance.use_grant(p_token_hash text, p_claim uuid)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
	v_grant public.governance_grants;
begin
	select g.* into v_grant from public.governance_grants g where g.token_hash = p_token_hash for update;
	if v_grant.id is null then
		return 'unregistered';
	end if;
	if v_grant.revoked_at is not null then
		return 'revoked';
	end if;
	if exists (select from governance.grant_uses u where u.grant_id = v_grant.id and u.claim = p_claim) then
		return 'used';
	end if;
	if v_grant.expires_at <= clock_timestamp() then
		return 'expired';
	end if;
	if (select count(*) from governance.grant_uses u where u.grant_id = v_grant.id) >= v_grant.max_uses then
		return 'exhausted';
	end if;
	insert into governance.grant_uses (grant_id, claim) values (v_grant.id, p_claim);
	return 'used';
end
$function$;
alter function governance.use_grant(text,uuid) owner to governance_writer;

-- triggers
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.applies FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('ledger');
alter table governance.applies enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.applies FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('ledger');
alter table governance.applies enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.birth_certificates FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.birth_certificates enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.birth_certificates FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.birth_certificates enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.dispatch_claims FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.dispatch_claims enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.dispatch_claims FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.dispatch_claims enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.evidence_head FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.evidence_head enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.evidence_head FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.evidence_head enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.flow_policy FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.flow_policy enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.flow_policy FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.flow_policy enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.governed_collections FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.governed_collections enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.governed_collections FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.governed_collections enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.grant_uses FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.grant_uses enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.grant_uses FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.grant_uses enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.migrations FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.migrations enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.migrations FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.migrations enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.permits FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.permits enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.permits FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.permits enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.policy FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('ledger');
alter table governance.policy enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.policy FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('ledger');
alter table governance.policy enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.steward_rules FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.steward_rules enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.steward_rules FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.steward_rules enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.steward_tables FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.steward_tables enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.steward_tables FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.steward_tables enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.steward_writes FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('ledger');
alter table governance.steward_writes enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.steward_writes FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('ledger');
alter table governance.steward_writes enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.taken_tables FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('internal');
alter table governance.taken_tables enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON governance.taken_tables FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('internal');
alter table governance.taken_tables enable always trigger governance_z_block_after;
CREATE TRIGGER governance_metadata_guard BEFORE DELETE OR UPDATE ON public.directus_activity FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_audit();
alter table public.directus_activity enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER DELETE OR UPDATE ON public.directus_activity FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_audit();
alter table public.directus_activity enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_truncate BEFORE TRUNCATE ON public.directus_activity FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_guard_audit();
alter table public.directus_activity enable always trigger governance_metadata_truncate;
CREATE TRIGGER governance_metadata_guard BEFORE INSERT OR DELETE OR UPDATE ON public.directus_collections FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('collections');
alter table public.directus_collections enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER INSERT OR DELETE OR UPDATE ON public.directus_collections FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('collections');
alter table public.directus_collections enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_truncate BEFORE TRUNCATE ON public.directus_collections FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_block_metadata_truncate();
alter table public.directus_collections enable always trigger governance_metadata_truncate;
CREATE TRIGGER governance_metadata_guard BEFORE INSERT OR DELETE OR UPDATE ON public.directus_extensions FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('extensions');
alter table public.directus_extensions enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER INSERT OR DELETE OR UPDATE ON public.directus_extensions FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('extensions');
alter table public.directus_extensions enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_truncate BEFORE TRUNCATE ON public.directus_extensions FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_block_metadata_truncate();
alter table public.directus_extensions enable always trigger governance_metadata_truncate;
CREATE TRIGGER governance_metadata_guard BEFORE INSERT OR DELETE OR UPDATE ON public.directus_fields FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('fields');
alter table public.directus_fields enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER INSERT OR DELETE OR UPDATE ON public.directus_fields FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('fields');
alter table public.directus_fields enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_truncate BEFORE TRUNCATE ON public.directus_fields FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_block_metadata_truncate();
alter table public.directus_fields enable always trigger governance_metadata_truncate;
CREATE TRIGGER governance_metadata_guard BEFORE INSERT OR UPDATE ON public.directus_flows FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_flows('flows');
alter table public.directus_flows enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER INSERT OR UPDATE ON public.directus_flows FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_flows('flows');
alter table public.directus_flows enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_guard BEFORE INSERT OR UPDATE ON public.directus_operations FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_flows('operations');
alter table public.directus_operations enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER INSERT OR UPDATE ON public.directus_operations FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_flows('operations');
alter table public.directus_operations enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_guard BEFORE INSERT OR DELETE OR UPDATE ON public.directus_relations FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('relations');
alter table public.directus_relations enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER INSERT OR DELETE OR UPDATE ON public.directus_relations FOR EACH ROW EXECUTE FUNCTION governance.fn_block_metadata('relations');
alter table public.directus_relations enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_truncate BEFORE TRUNCATE ON public.directus_relations FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_block_metadata_truncate();
alter table public.directus_relations enable always trigger governance_metadata_truncate;
CREATE TRIGGER governance_metadata_guard BEFORE DELETE OR UPDATE ON public.directus_revisions FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_audit();
alter table public.directus_revisions enable always trigger governance_metadata_guard;
CREATE TRIGGER governance_metadata_last_look AFTER DELETE OR UPDATE ON public.directus_revisions FOR EACH ROW EXECUTE FUNCTION governance.fn_guard_audit();
alter table public.directus_revisions enable always trigger governance_metadata_last_look;
CREATE TRIGGER governance_metadata_truncate BEFORE TRUNCATE ON public.directus_revisions FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_guard_audit();
alter table public.directus_revisions enable always trigger governance_metadata_truncate;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.dot_agent_api_contract FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('registry');
alter table public.dot_agent_api_contract enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_m_birth_delete AFTER DELETE ON public.dot_agent_api_contract REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'tool');
alter table public.dot_agent_api_contract enable always trigger governance_m_birth_delete;
CREATE TRIGGER governance_m_birth_insert AFTER INSERT ON public.dot_agent_api_contract REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'tool');
alter table public.dot_agent_api_contract enable always trigger governance_m_birth_insert;
CREATE TRIGGER governance_m_birth_update AFTER UPDATE ON public.dot_agent_api_contract REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'tool');
alter table public.dot_agent_api_contract enable always trigger governance_m_birth_update;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.dot_agent_api_contract FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('registry');
alter table public.dot_agent_api_contract enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.dot_tools FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('registry');
alter table public.dot_tools enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_m_birth_delete AFTER DELETE ON public.dot_tools REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'code');
alter table public.dot_tools enable always trigger governance_m_birth_delete;
CREATE TRIGGER governance_m_birth_insert AFTER INSERT ON public.dot_tools REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'code');
alter table public.dot_tools enable always trigger governance_m_birth_insert;
CREATE TRIGGER governance_m_birth_update AFTER UPDATE ON public.dot_tools REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'code');
alter table public.dot_tools enable always trigger governance_m_birth_update;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.dot_tools FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('registry');
alter table public.dot_tools enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_canonical_operation_vocab FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('registry');
alter table public.governance_canonical_operation_vocab enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_m_birth_delete AFTER DELETE ON public.governance_canonical_operation_vocab REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'operation');
alter table public.governance_canonical_operation_vocab enable always trigger governance_m_birth_delete;
CREATE TRIGGER governance_m_birth_insert AFTER INSERT ON public.governance_canonical_operation_vocab REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'operation');
alter table public.governance_canonical_operation_vocab enable always trigger governance_m_birth_insert;
CREATE TRIGGER governance_m_birth_update AFTER UPDATE ON public.governance_canonical_operation_vocab REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'operation');
alter table public.governance_canonical_operation_vocab enable always trigger governance_m_birth_update;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_canonical_operation_vocab FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('registry');
alter table public.governance_canonical_operation_vocab enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_evidence FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('ledger');
alter table public.governance_evidence enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_evidence FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('ledger');
alter table public.governance_evidence enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_gates FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('registry');
alter table public.governance_gates enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_m_birth_delete AFTER DELETE ON public.governance_gates REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'id');
alter table public.governance_gates enable always trigger governance_m_birth_delete;
CREATE TRIGGER governance_m_birth_insert AFTER INSERT ON public.governance_gates REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'id');
alter table public.governance_gates enable always trigger governance_m_birth_insert;
CREATE TRIGGER governance_m_birth_update AFTER UPDATE ON public.governance_gates REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'id');
alter table public.governance_gates enable always trigger governance_m_birth_update;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_gates FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('registry');
alter table public.governance_gates enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_grants FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('registry');
alter table public.governance_grants enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_m_birth_delete AFTER DELETE ON public.governance_grants REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'id');
alter table public.governance_grants enable always trigger governance_m_birth_delete;
CREATE TRIGGER governance_m_birth_insert AFTER INSERT ON public.governance_grants REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'id');
alter table public.governance_grants enable always trigger governance_m_birth_insert;
CREATE TRIGGER governance_m_birth_update AFTER UPDATE ON public.governance_grants REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'id');
alter table public.governance_grants enable always trigger governance_m_birth_update;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_grants FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('registry');
alter table public.governance_grants enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_reviews FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('ledger');
alter table public.governance_reviews enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.governance_reviews FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('ledger');
alter table public.governance_reviews enable always trigger governance_z_block_after;
CREATE TRIGGER governance_a_assert_safe BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.table_registry FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_assert_safe_for_dot_action('registry');
alter table public.table_registry enable always trigger governance_a_assert_safe;
CREATE TRIGGER governance_m_birth_delete AFTER DELETE ON public.table_registry REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'table_name');
alter table public.table_registry enable always trigger governance_m_birth_delete;
CREATE TRIGGER governance_m_birth_insert AFTER INSERT ON public.table_registry REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'table_name');
alter table public.table_registry enable always trigger governance_m_birth_insert;
CREATE TRIGGER governance_m_birth_update AFTER UPDATE ON public.table_registry REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION governance.fn_birth_gate('registry', 'table_name');
alter table public.table_registry enable always trigger governance_m_birth_update;
CREATE TRIGGER governance_z_block_after AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.table_registry FOR EACH STATEMENT EXECUTE FUNCTION governance.block_after_guard('registry');
alter table public.table_registry enable always trigger governance_z_block_after;

-- privileges
grant EXECUTE on function governance.append_evidence(jsonb) to directus;
grant EXECUTE on function governance.audit_locked(jsonb) to directus;
grant EXECUTE on function governance.audit_locked(jsonb) to governance_reader;
grant EXECUTE on function governance.audit_locked(jsonb) to governance_writer;
grant EXECUTE on function governance.claim_dispatches(jsonb) to directus;
grant EXECUTE on function governance.flow_fault(text,jsonb) to directus;
grant EXECUTE on function governance.flow_fault(text,jsonb) to governance_reader;
grant EXECUTE on function governance.flow_fault(text,jsonb) to governance_writer;
grant EXECUTE on function governance.fn_assert_safe_for_dot_action(text) to governance_reader;
grant EXECUTE on function governance.is_governed(text) to directus;
grant EXECUTE on function governance.is_governed(text) to governance_reader;
grant EXECUTE on function governance.is_governed(text) to governance_writer;
grant EXECUTE on function governance.permit_open(text,text) to directus;
grant EXECUTE on function governance.permit_spent(text,text) to directus;
grant EXECUTE on function governance.settle_dispatches(jsonb) to directus;
grant EXECUTE on function governance.subject_of_metadata(text,jsonb) to directus;
grant EXECUTE on function governance.subject_of_metadata(text,jsonb) to governance_reader;
grant EXECUTE on function governance.subject_of_metadata(text,jsonb) to governance_writer;
grant EXECUTE on function governance.take_permit(text,text,text[],text[],integer,uuid,jsonb) to directus;
grant EXECUTE on function governance.use_grant(text,uuid) to directus;
grant SELECT on governance.applies to governance_reader;
grant INSERT on governance.applies to governance_writer;
grant SELECT on governance.applies to governance_writer;
grant SELECT on governance.birth_certificates to governance_reader;
grant DELETE on governance.birth_certificates to governance_writer;
grant INSERT on governance.birth_certificates to governance_writer;
grant SELECT on governance.birth_certificates to governance_writer;
grant UPDATE on governance.birth_certificates to governance_writer;
grant DELETE on governance.dispatch_claims to governance_writer;
grant INSERT on governance.dispatch_claims to governance_writer;
grant SELECT on governance.dispatch_claims to governance_writer;
grant UPDATE on governance.dispatch_claims to governance_writer;
grant SELECT on governance.evidence_head to governance_writer;
grant UPDATE on governance.evidence_head to governance_writer;
grant SELECT on governance.flow_policy to directus;
grant SELECT on governance.flow_policy to governance_reader;
grant DELETE on governance.flow_policy to governance_writer;
grant INSERT on governance.flow_policy to governance_writer;
grant SELECT on governance.flow_policy to governance_writer;
grant UPDATE on governance.flow_policy to governance_writer;
grant SELECT on governance.governed_collections to directus;
grant SELECT on governance.governed_collections to governance_reader;
grant DELETE on governance.governed_collections to governance_writer;
grant INSERT on governance.governed_collections to governance_writer;
grant SELECT on governance.governed_collections to governance_writer;
grant UPDATE on governance.governed_collections to governance_writer;
grant SELECT on governance.grant_uses to governance_reader;
grant INSERT on governance.grant_uses to governance_writer;
grant SELECT on governance.grant_uses to governance_writer;
grant INSERT on governance.migrations to governance_writer;
grant SELECT on governance.migrations to governance_writer;
grant DELETE on governance.permits to governance_writer;
grant INSERT on governance.permits to governance_writer;
grant SELECT on governance.permits to governance_writer;
grant UPDATE on governance.permits to governance_writer;
grant SELECT on governance.policy to directus;
grant SELECT on governance.policy to governance_reader;
grant INSERT on governance.policy to governance_writer;
grant SELECT on governance.policy to governance_writer;
grant SELECT on governance.steward_rules to governance_reader;
grant DELETE on governance.steward_rules to governance_writer;
grant INSERT on governance.steward_rules to governance_writer;
grant SELECT on governance.steward_rules to governance_writer;
grant UPDATE on governance.steward_rules to governance_writer;
grant SELECT on governance.steward_tables to governance_reader;
grant DELETE on governance.steward_tables to governance_writer;
grant INSERT on governance.steward_tables to governance_writer;
grant SELECT on governance.steward_tables to governance_writer;
grant UPDATE on governance.steward_tables to governance_writer;
grant SELECT on governance.steward_writes to governance_reader;
grant INSERT on governance.steward_writes to governance_writer;
grant SELECT on governance.steward_writes to governance_writer;
grant DELETE on governance.taken_tables to governance_writer;
grant INSERT on governance.taken_tables to governance_writer;
grant SELECT on governance.taken_tables to governance_writer;
grant UPDATE on governance.taken_tables to governance_writer;
grant SELECT (collection) on public.directus_collections to governance_reader;
grant SELECT (hidden) on public.directus_collections to governance_reader;
grant SELECT (singleton) on public.directus_collections to governance_reader;
grant SELECT (status) on public.directus_collections to governance_reader;
grant SELECT (versioning) on public.directus_collections to governance_reader;
grant SELECT (id) on public.directus_flows to governance_reader;
grant SELECT (name) on public.directus_flows to governance_reader;
grant SELECT (operation) on public.directus_flows to governance_reader;
grant SELECT (status) on public.directus_flows to governance_reader;
grant SELECT (trigger) on public.directus_flows to governance_reader;
grant SELECT (flow) on public.directus_operations to governance_reader;
grant SELECT (id) on public.directus_operations to governance_reader;
grant SELECT (key) on public.directus_operations to governance_reader;
grant SELECT (name) on public.directus_operations to governance_reader;
grant SELECT (reject) on public.directus_operations to governance_reader;
grant SELECT (resolve) on public.directus_operations to governance_reader;
grant SELECT (type) on public.directus_operations to governance_reader;
grant SELECT on public.dot_agent_api_contract to directus;
grant SELECT on public.dot_agent_api_contract to governance_reader;
grant DELETE on public.dot_agent_api_contract to governance_writer;
grant INSERT on public.dot_agent_api_contract to governance_writer;
grant SELECT on public.dot_agent_api_contract to governance_writer;
grant UPDATE on public.dot_agent_api_contract to governance_writer;
grant SELECT on public.dot_tools to directus;
grant SELECT on public.dot_tools to governance_reader;
grant DELETE on public.dot_tools to governance_writer;
grant INSERT on public.dot_tools to governance_writer;
grant SELECT on public.dot_tools to governance_writer;
grant UPDATE on public.dot_tools to governance_writer;
grant SELECT on public.governance_canonical_operation_vocab to directus;
grant SELECT on public.governance_canonical_operation_vocab to governance_reader;
grant DELETE on public.governance_canonical_operation_vocab to governance_writer;
grant INSERT on public.governance_canonical_operation_vocab to governance_writer;
grant SELECT on public.governance_canonical_operation_vocab to governance_writer;
grant UPDATE on public.governance_canonical_operation_vocab to governance_writer;
grant SELECT on public.governance_evidence to directus;
grant SELECT on public.governance_evidence to governance_reader;
grant INSERT on public.governance_evidence to governance_writer;
grant SELECT on public.governance_evidence to governance_writer;
grant SELECT on public.governance_gates to directus;
grant SELECT on public.governance_gates to governance_reader;
grant DELETE on public.governance_gates to governance_writer;
grant INSERT on public.governance_gates to governance_writer;
grant SELECT on public.governance_gates to governance_writer;
grant UPDATE on public.governance_gates to governance_writer;
grant SELECT on public.governance_grants to directus;
grant SELECT (caller) on public.governance_grants to governance_reader;
grant SELECT (contract_digest) on public.governance_grants to governance_reader;
grant SELECT (expires_at) on public.governance_grants to governance_reader;
grant SELECT (id) on public.governance_grants to governance_reader;
grant SELECT (lane) on public.governance_grants to governance_reader;
grant SELECT (max_uses) on public.governance_grants to governance_reader;
grant SELECT (modes) on public.governance_grants to governance_reader;
grant SELECT (revoked_at) on public.governance_grants to governance_reader;
grant SELECT (tool) on public.governance_grants to governance_reader;
grant DELETE on public.governance_grants to governance_writer;
grant INSERT on public.governance_grants to governance_writer;
grant SELECT on public.governance_grants to governance_writer;
grant UPDATE on public.governance_grants to governance_writer;
grant SELECT on public.governance_reviews to directus;
grant SELECT on public.governance_reviews to governance_reader;
grant INSERT on public.governance_reviews to governance_writer;
grant SELECT on public.governance_reviews to governance_writer;
grant SELECT on public.table_registry to directus;
grant SELECT on public.table_registry to governance_reader;
grant DELETE on public.table_registry to governance_writer;
grant INSERT on public.table_registry to governance_writer;
grant SELECT on public.table_registry to governance_writer;
grant UPDATE on public.table_registry to governance_writer;
