-- The registry, the ledgers and the policy store. Runs inside the registrar's transaction, as the operator, who may
-- SET ROLE to governance_owner and governance_writer; those roles and schema "governance" exist by then.
set local role governance_owner;

create table governance.migrations (
	id integer primary key,
	name text not null,
	digest text not null,
	applied_at timestamptz not null default now()
);

create table governance.applies (
	id uuid primary key,
	transaction_id xid8 not null unique,
	plan_digest text not null,
	config_digest text not null,
	operator text not null,
	summary jsonb not null,
	applied_at timestamptz not null default now()
);

create table governance.policy (
	generation bigint primary key check (generation > 0),
	digest text not null,
	jws text not null,
	key_id text not null,
	apply_id uuid not null references governance.applies (id),
	applied_at timestamptz not null default now()
);

create table governance.governed_collections (
	collection text primary key,
	class text not null check (class in ('governed', 'registry', 'ledger'))
);

create table governance.birth_certificates (
	collection text not null,
	row_key text not null,
	apply_id uuid not null references governance.applies (id),
	born_at timestamptz not null default now(),
	primary key (collection, row_key)
);

-- What a content table was before it was governed, so that leaving the declaration gives it back as it came.
create table governance.taken_tables (
	collection text primary key,
	owner text not null,
	privileges jsonb not null,
	apply_id uuid not null references governance.applies (id),
	-- Where Directus's role stays the owner: which versions of its catalogue rows the last apply left behind.
	mark text
);

create table governance.evidence_head (
	singleton boolean primary key default true check (singleton),
	origin uuid not null default gen_random_uuid(),
	size bigint not null default 0 check (size >= 0)
);
insert into governance.evidence_head default values;

create table governance.dispatch_claims (
	caller text not null,
	correlation_id text not null,
	request_digest text not null,
	token uuid not null unique,
	lease_until timestamptz not null,
	answer jsonb,
	evidence_id uuid,
	claimed_at timestamptz not null default now(),
	primary key (caller, correlation_id)
);

create table public.dot_tools (
	code text primary key check (code ~ '^[A-Z][A-Z0-9_]{1,127}$'),
	title text not null,
	verb text not null,
	object text not null,
	description text not null,
	version text not null,
	path text not null,
	channel text not null,
	status text not null,
	last_executed timestamptz
);

create table public.dot_agent_api_contract (
	tool text primary key references public.dot_tools (code),
	version text not null,
	executor text not null,
	path text not null,
	-- What may stand there is named, so that no spelling or nesting of REAL_RUN can.
	modes jsonb not null check (jsonb_typeof(modes) = 'array' and modes <@ '["PLAN_ONLY", "DRY_RUN"]'),
	side_effects text not null check (side_effects = 'none'),
	input_schema jsonb not null,
	output_schema jsonb not null,
	callers jsonb not null,
	rate_per_minute integer not null check (rate_per_minute > 0),
	max_input_bytes integer not null check (max_input_bytes > 0),
	digest text not null
);

create table public.table_registry (
	table_name text primary key,
	class text not null,
	purpose text not null
);

-- Two switches exist only to be seen off: no row with either on can be stored, by anybody.
create table public.governance_gates (
	id smallint primary key check (id = 1),
	dispatch_enabled boolean not null,
	dry_run_only boolean not null check (dry_run_only),
	execute_enabled boolean not null check (not execute_enabled),
	real_run_enabled boolean not null check (not real_run_enabled)
);

create table public.governance_canonical_operation_vocab (
	operation text primary key,
	verb text not null,
	object text not null,
	qualifiers jsonb not null,
	tools jsonb not null
);

create table public.governance_grants (
	id uuid primary key,
	token_hash text not null unique,
	tool text not null references public.dot_tools (code),
	caller text not null,
	modes jsonb not null check (jsonb_typeof(modes) = 'array' and modes <@ '["PLAN_ONLY", "DRY_RUN"]'),
	contract_digest text not null,
	lane text,
	expires_at timestamptz not null,
	max_uses integer not null check (max_uses > 0),
	revoked_at timestamptz
);

create table public.governance_evidence (
	entry_index bigint primary key check (entry_index >= 0),
	id uuid not null unique,
	leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
	body bytea not null,
	recorded_at timestamptz not null default clock_timestamp()
);

create table public.governance_reviews (
	id uuid primary key,
	packet_digest text not null,
	reviewer text not null,
	verdict text not null check (verdict in ('confirmed', 'rejected')),
	recorded_at timestamptz not null default now()
);

grant usage on schema governance to governance_writer, governance_reader;
grant select on governance.migrations, governance.applies, governance.policy, governance.governed_collections,
	governance.birth_certificates, governance.taken_tables, governance.evidence_head to governance_writer;
grant insert on governance.applies, governance.policy, governance.migrations to governance_writer;
grant insert, update, delete on governance.governed_collections, governance.birth_certificates,
	governance.taken_tables to governance_writer;
grant update on governance.evidence_head to governance_writer;
grant select, insert, update, delete on governance.dispatch_claims to governance_writer;
grant select, insert, update, delete on public.dot_tools, public.dot_agent_api_contract, public.table_registry,
	public.governance_gates, public.governance_canonical_operation_vocab, public.governance_grants to governance_writer;
grant select, insert on public.governance_evidence, public.governance_reviews to governance_writer;
grant select on public.dot_tools, public.dot_agent_api_contract, public.table_registry, public.governance_gates,
	public.governance_canonical_operation_vocab, public.governance_evidence, public.governance_reviews,
	governance.governed_collections, governance.policy, governance.applies, governance.birth_certificates
	to governance_reader;
-- Who holds a grant is no secret; the hash of its token stays out of reach.
grant select (id, tool, caller, modes, contract_digest, lane, expires_at, max_uses, revoked_at)
	on public.governance_grants to governance_reader;

reset role;
