-- Assurance: what checks saw, how claims stood, and the keys that sign it. All of it lies in the installation's own tenant.
-- A state is nowhere: it is computed from the runs when it is read. The app can add runs and changes, and neither change
-- nor delete them; runs go by whole months, like the trail.

-- One row a run: the look, and the same look over a planted offence. Partitioned by month on the id (UUIDv7).
create table check_run (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  check_id text not null check (check_id ~ '^[a-z]+(\.[a-z_]+){2,3}$'),
  source_digest bytea not null check (length(source_digest) = 32),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  expires_at timestamptz not null,
  result text not null check (result in ('pass', 'fail', 'error', 'no_data')),
  caught boolean not null,
  number bigint not null check (number > 0),
  document bytea not null check (length(document) <= 131072),
  primary key (tenant_id, id)
) partition by range (id);
create index check_run_newest on check_run (tenant_id, check_id, source_digest, number);
select raise_wall('check_run');
comment on column check_run.tenant_id is 'none: the installation''s own tenant';
comment on column check_run.id is 'none: UUIDv7';
comment on column check_run.check_id is 'none: which check';
comment on column check_run.source_digest is 'none: digest of the code that looked';
comment on column check_run.started_at is 'none: time; what was seen is no younger';
comment on column check_run.ended_at is 'none: time';
comment on column check_run.expires_at is 'none: from then on what was seen is stale';
comment on column check_run.result is 'none: pass, fail, error or no_data';
comment on column check_run.caught is 'none: whether the same look saw the planted offence';
comment on column check_run.number is 'none: counts the runs of a check by the same code: their order, whatever clocks say';
comment on column check_run.document is 'none: canonical JSON of the run: what was looked at, what was seen, ids of tenants at most';

-- Whose turn it is. Nothing about a state follows from it.
create table check_lease (
  tenant_id uuid not null references tenant (id),
  check_id text not null check (check_id ~ '^[a-z]+(\.[a-z_]+){2,3}$'),
  until timestamptz not null,
  primary key (tenant_id, check_id)
);
select raise_wall('check_lease');
comment on column check_lease.tenant_id is 'none: the installation''s own tenant';
comment on column check_lease.check_id is 'none: which check';
comment on column check_lease.until is 'none: until then one process runs it, and no other';

-- How claims stood, for ever: failures stay.
create table claim_change (
  tenant_id uuid not null references tenant (id),
  claim text not null check (claim ~ '^[a-z]+\.[a-z]+$'),
  number integer not null check (number > 0),
  at timestamptz not null,
  from_state text check (from_state in ('verified', 'attested', 'stale', 'failing', 'unproven', 'planned')),
  to_state text not null check (to_state in ('verified', 'attested', 'stale', 'failing', 'unproven', 'planned')),
  why_en text not null check (length(why_en) between 1 and 4000),
  why_sv text not null check (length(why_sv) between 1 and 4000),
  primary key (tenant_id, claim, number)
);
create index claim_change_newest on claim_change (tenant_id, at);
select raise_wall('claim_change');
comment on column claim_change.tenant_id is 'none: the installation''s own tenant';
comment on column claim_change.claim is 'none: which claim';
comment on column claim_change.number is 'none: counts up by one for each claim';
comment on column claim_change.at is 'none: time';
comment on column claim_change.from_state is 'none: the state before; null the first time';
comment on column claim_change.to_state is 'none: the state from then on';
comment on column claim_change.why_en is 'none: why, in English';
comment on column claim_change.why_sv is 'none: why, in Swedish';

-- Keys that sign attestations, and nothing else.
create table attestation_key (
  tenant_id uuid not null references tenant (id),
  version integer not null check (version > 0),
  vkey text not null check (length(vkey) between 1 and 1000),
  seed bytea not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, version)
);
select raise_wall('attestation_key');
comment on column attestation_key.tenant_id is 'none: the installation''s own tenant';
comment on column attestation_key.version is 'none: counts up at rotation';
comment on column attestation_key.vkey is 'none: verifier key (C2SP signed-note), Ed25519';
comment on column attestation_key.seed is 'none: the private key, sealed under the data key of the installation''s tenant';
comment on column attestation_key.created_at is 'none: time';
comment on column attestation_key.retired_at is 'none: when the next key took over; null while it signs';

grant select, insert on check_run to vouch_app;
grant select, insert, update (until) on check_lease to vouch_app;
grant select, insert on claim_change to vouch_app;
grant select, insert, update (retired_at) on attestation_key to vouch_app;

-- Runs of checks go by whole months too. As before: no partition whose month ended less than thirteen months ago.
create or replace function drop_partitions(before date) returns text[]
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  part record;
  dropped text[] := '{}';
begin
  if before > date_trunc('month', now()) - interval '13 months' then
    raise exception 'months are kept for at least thirteen months';
  end if;
  perform pg_advisory_xact_lock(hashtext('vouch.ensure_partitions'));
  for part in
    select c.relname from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_class p on p.oid = i.inhparent
    where p.relnamespace = 'public'::regnamespace and p.relname in ('audit_event', 'decision', 'check_run')
      and c.relname ~ ('^' || p.relname || '_\d{4}_\d{2}$')
      and to_date(right(c.relname, 7), 'YYYY_MM') < before
    order by 1
  loop
    execute format('drop table public.%I', part.relname);
    dropped := dropped || part.relname::text;
  end loop;
  return dropped;
end $$;
