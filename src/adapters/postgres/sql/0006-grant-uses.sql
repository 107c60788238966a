-- Uses of grants, counted in the database: one per claim, whatever repeats, crashes or races.
set local role governance_owner;

create table governance.grant_uses (
	grant_id uuid not null,
	claim uuid not null,
	used_at timestamptz not null default clock_timestamp(),
	primary key (grant_id, claim)
);
grant select, insert on governance.grant_uses to governance_writer;

reset role;
set local role governance_writer;

-- Takes one use of a grant for a claim. Exactly once: the grant's row is locked, so that revocation and the last use are seen
-- by everybody in one order; a repetition for the same claim is `used` and counts nothing. Never given back.
create function governance.use_grant(p_token_hash text, p_claim uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
$$;

revoke execute on function governance.use_grant(text, uuid) from public;

reset role;
