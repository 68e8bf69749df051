-- Outcomes: what became of what was decided. All are kept; the one that was received last counts. In the month of its
-- decision, so that retention drops both together. No foreign key to it, for months are dropped whole.
create table outcome (
  tenant_id uuid not null references tenant (id),
  decision_id uuid not null,
  id uuid not null,
  at timestamptz not null,
  outcome text not null check (outcome in ('fraud', 'legitimate', 'chargeback')),
  occurred_at timestamptz not null,
  amount_minor bigint check (amount_minor between 0 and 1000000000000),
  primary key (tenant_id, decision_id, id)
) partition by range (decision_id);
select raise_wall('outcome');
comment on column outcome.tenant_id is 'none: the tenant';
comment on column outcome.decision_id is 'none: the decision';
comment on column outcome.id is 'none: UUIDv7, in the order of receipt';
comment on column outcome.at is 'none: when it was received';
comment on column outcome.outcome is 'none: fraud, legitimate or chargeback';
comment on column outcome.occurred_at is 'none: when it is said to have happened';
comment on column outcome.amount_minor is 'none: minor units of the decision''s currency; null for its whole amount';

grant select, insert on outcome to vouch_app;

-- Months that have decisions already.
do $$
declare
  part text;
begin
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'decision'::regclass
  loop
    perform ensure_partitions(to_date(right(part, 7), 'YYYY_MM'), 1);
  end loop;
end $$;

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
    where p.relnamespace = 'public'::regnamespace and p.relname in ('audit_event', 'decision', 'check_run', 'outcome')
      and c.relname ~ ('^' || p.relname || '_\d{4}_\d{2}$')
      and to_date(right(c.relname, 7), 'YYYY_MM') < before
    order by 1
  loop
    execute format('drop table public.%I', part.relname);
    dropped := dropped || part.relname::text;
  end loop;
  return dropped;
end $$;
