-- Finds the entries of applies in a long evidence log. The bytes are `"kind":"apply"`, as canonical JSON writes it.
set local role governance_owner;

create index governance_evidence_applies on public.governance_evidence (entry_index)
where position(decode('226b696e64223a226170706c7922', 'hex') in body) > 0;

reset role;
