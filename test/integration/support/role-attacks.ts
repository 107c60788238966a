import type { Statement } from './attempt.ts';

const ROLES = ['governance_owner', 'governance_writer', 'governance_reader', 'governed_operator', 'postgres'];

const one = (sql: string): Statement => ({ sql });

/** Becoming somebody else, or getting more rights. Only a superuser could do these anywhere. */
export const ROLE_ATTACKS: Record<string, Statement> = {
	...Object.fromEntries(
		ROLES.flatMap((role) => [
			[`SET ROLE ${role}`, one(`set role ${role}`)],
			[`SET SESSION AUTHORIZATION ${role}`, one(`set session authorization ${role}`)],
			[`ALTER ROLE ${role}`, one(`alter role ${role} password 'x'`)],
		]),
	),
	...Object.fromEntries(
		['governance_owner', 'governance_writer', 'pg_write_all_data', 'pg_execute_server_program'].map((role) => [
			`GRANT ${role}`,
			one(`grant ${role} to directus`),
		]),
	),
	'SET session_replication_role': one('set session_replication_role = replica'),
	'session_replication_role through set_config': one(`select set_config('session_replication_role', 'replica', false)`),
	'session_replication_role for its logins': one('alter role directus set session_replication_role = replica'),
	'session_replication_role for the database': one(
		`do $$ begin execute format('alter database %I set session_replication_role = replica', current_database()); end $$`,
	),
	'GRANT SET ON PARAMETER': one('grant set on parameter session_replication_role to directus'),
	'ALTER ROLE … SUPERUSER': one('alter role directus superuser'),
	'ALTER ROLE … CREATEROLE': one('alter role directus createrole'),
	'ALTER ROLE … BYPASSRLS': one('alter role directus bypassrls'),
	'CREATE ROLE': one('create role planted in role governance_writer'),
	'DROP ROLE': one(`do $$ begin create role planted; drop role planted; end $$`),
	'REASSIGN OWNED': one('reassign owned by governance_owner to directus'),
	'ALTER DATABASE OWNER': one(
		`do $$ begin execute format('alter database %I owner to directus', current_database()); end $$`,
	),
	'ALTER SCHEMA public OWNER': one('alter schema public owner to directus'),
	'DROP SCHEMA public': one('drop schema public cascade'),
	'RENAME SCHEMA public': one('alter schema public rename to planted'),
	'RENAME SCHEMA governance': one('alter schema governance rename to planted'),
	'ALTER DEFAULT PRIVILEGES': one('alter default privileges for role governance_owner grant all on tables to directus'),
	'UPDATE pg_class': one(`update pg_catalog.pg_class set relowner = 'directus'::regrole where relname = 'dot_tools'`),
	'UPDATE pg_trigger': one(`update pg_catalog.pg_trigger set tgenabled = 'D'`),
	'DELETE FROM pg_depend': one('delete from pg_catalog.pg_depend where false'),
	'COPY FROM PROGRAM': one(`create temp table t (x text); copy t from program 'true'`),
	'COPY TO a file': one(`copy (select 1) to '/dev/null'`),
	'CREATE EVENT TRIGGER': one(
		`create function public.planted() returns event_trigger language plpgsql as 'begin end'; create event trigger planted on ddl_command_end execute function public.planted()`,
	),
	'CREATE LANGUAGE C FUNCTION': one(
		`create function public.planted() returns int language internal as 'pg_backend_pid'`,
	),
	'CREATE PUBLICATION': one('create publication planted for table public.dot_tools'),
	'CREATE OPERATOR CLASS': one(
		'create operator class public.planted for type int4 using btree as operator 1 <, operator 3 =, function 1 btint4cmp(int4, int4)',
	),
	'CREATE a function there': one(`create function governance.planted() returns int language sql as 'select 1'`),
	'CREATE a table there': one('create table governance.planted (x int)'),
	'CREATE a view of a hidden ledger': one(
		'create view public.planted as select * from governance.dispatch_claims; select * from public.planted',
	),
};

/** What schema governance holds apart from the tables Directus shows. */
export const SCHEMA_ATTACKS: Record<string, Statement> = {
	'CREATE OR REPLACE of a guard': one(
		`create or replace function governance.fn_assert_safe_for_dot_action() returns trigger language plpgsql as 'begin return null; end'`,
	),
	'CREATE OR REPLACE of the gate': one(
		`create or replace function governance.fn_birth_gate() returns trigger language plpgsql as 'begin return null; end'`,
	),
	'CREATE OR REPLACE of is_governed': one(
		`create or replace function governance.is_governed(p_collection text) returns boolean language sql as 'select false'`,
	),
	'ALTER FUNCTION SET': one('alter function governance.append_evidence(jsonb) set search_path = public'),
	'ALTER FUNCTION RESET': one('alter function governance.append_evidence(jsonb) reset all'),
	'ALTER FUNCTION OWNER': one('alter function governance.append_evidence(jsonb) owner to directus'),
	'ALTER FUNCTION SECURITY INVOKER': one('alter function governance.append_evidence(jsonb) security invoker'),
	'ALTER FUNCTION RENAME': one('alter function governance.block_after_guard() rename to planted'),
	'DROP FUNCTION': one('drop function governance.block_after_guard() cascade'),
	'GRANT EXECUTE': one('grant execute on all functions in schema governance to public'),
	'use a guard as its own trigger': one(
		`create table public.planted (x int); create trigger t before insert on public.planted for each statement execute function governance.block_after_guard('governed')`,
	),
	'DROP SCHEMA': one('drop schema governance cascade'),
	'GRANT ON SCHEMA': one('grant create on schema governance to directus'),
	'register an apply': one(
		`insert into governance.applies (id, transaction_id, plan_digest, config_digest, operator, summary) values (gen_random_uuid(), pg_current_xact_id(), '', '', '', '{}')`,
	),
	'store a policy': one(
		`insert into governance.policy (generation, digest, jws, key_id, apply_id) select 99, '', '', '', id from governance.applies limit 1`,
	),
	'withdraw a policy': one('delete from governance.policy'),
	'forge a certificate': one(
		`insert into governance.birth_certificates (collection, row_key, apply_id) select 'x', 'x', id from governance.applies limit 1`,
	),
	'burn certificates': one('delete from governance.birth_certificates'),
	'turn the evidence back': one('update governance.evidence_head set size = 0'),
	'remove the head': one('delete from governance.evidence_head'),
	'take a claim over': one(`update governance.dispatch_claims set lease_until = '-infinity'`),
	'forge an answer': one(
		`insert into governance.dispatch_claims (caller, correlation_id, request_digest, token, lease_until, answer) values ('a', 'b', 'c', gen_random_uuid(), now(), '{}')`,
	),
	'read the claims of others': one('select * from governance.dispatch_claims'),
	'ungovern everything': one('delete from governance.governed_collections'),
	'govern something': one(`insert into governance.governed_collections values ('articles', 'governed')`),
	'forget the migrations': one('delete from governance.migrations'),
	'claim former ownership': one(
		`insert into governance.taken_tables (collection, owner, privileges, apply_id) select 'dot_tools', 'directus', '[]', id from governance.applies limit 1`,
	),
	'read grants of everybody as executor data': one('update public.governance_grants set revoked_at = null'),
	'edit the evidence': one(`update public.governance_evidence set body = ''`),
	'append evidence past the function': one(
		`insert into public.governance_evidence (entry_index, id, leaf_hash, body) values (999, gen_random_uuid(), sha256(''), '')`,
	),
	'shorten the evidence': one('delete from public.governance_evidence'),
	'confirm a packet': one(
		`insert into public.governance_reviews (id, packet_digest, reviewer, verdict) values (gen_random_uuid(), 'x', 'me', 'confirmed')`,
	),
	'open dispatch': one('update public.governance_gates set dispatch_enabled = false'),
	'remove the gates': one('delete from public.governance_gates'),
	'register a table': one(`insert into public.table_registry values ('x', 'x', 'x')`),
	'grant itself a tool': one(
		`insert into public.governance_grants (id, token_hash, tool, caller, modes, contract_digest, expires_at, max_uses) values (gen_random_uuid(), 'x', 'DOT_KG_EXPLAIN', 'x', '["DRY_RUN"]', 'x', 'infinity', 1)`,
	),
};
