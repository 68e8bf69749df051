-- The trail: one row for each change, written in the transaction that makes the change. Partitioned by month on the id
-- (UUIDv7), so that retention drops whole partitions.
create table audit_event (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('key', 'operator', 'system')),
  actor_id text not null check (length(actor_id) between 1 and 100),
  on_behalf_of text check (length(on_behalf_of) between 1 and 100),
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  target text check (length(target) between 1 and 200),
  outcome text not null check (outcome in ('success', 'refused')),
  request_id uuid,
  details bytea,
  primary key (tenant_id, id)
) partition by range (id);
select raise_wall('audit_event');
comment on column audit_event.tenant_id is 'none: the tenant';
comment on column audit_event.id is 'none: UUIDv7';
comment on column audit_event.at is 'none: time';
comment on column audit_event.actor_kind is 'none: key, operator or system';
comment on column audit_event.actor_id is 'none: wire id of the key, number of the operator''s account, or the part of the system that acted';
comment on column audit_event.on_behalf_of is 'none: wire id of whoever the actor acted for';
comment on column audit_event.action is 'none: noun.verb from the closed list';
comment on column audit_event.target is 'none: wire id of what was changed';
comment on column audit_event.outcome is 'none: success or refused';
comment on column audit_event.request_id is 'none: id of the request that did it';
comment on column audit_event.details is 'personal: staff; what was entered; to show who changed what; as the trail, erasable alone; sealed';

create index audit_event_by_request on audit_event (tenant_id, request_id);

grant select, insert, update (details) on audit_event to vouch_app;

-- Makes the monthly partitions of `parent` from the month of `first_day` on. Runs as the owner, because the app owns
-- nothing; it can do no more than create empty partitions that stand behind the same wall.
create function ensure_partitions(first_day date, months integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  parent text;
  made integer := 0;
  month_start date;
  part text;
  bound_from uuid;
  bound_to uuid;
begin
  if months not between 1 and 24 then raise exception 'months must be 1 to 24'; end if;
  perform pg_advisory_xact_lock(hashtext('vouch.ensure_partitions'));
  for parent in
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'p' and n.nspname = 'public' order by 1
  loop
    for i in 0 .. months - 1 loop
      month_start := (date_trunc('month', first_day) + make_interval(months => i))::date;
      part := format('%s_%s', parent, to_char(month_start, 'YYYY_MM'));
      continue when to_regclass(format('public.%I', part)) is not null;
      bound_from := (lpad(to_hex((extract(epoch from month_start::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
      bound_to := (lpad(to_hex((extract(epoch from (month_start + interval '1 month')::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
      execute format('create table public.%I partition of public.%I for values from (%L) to (%L)', part, parent, bound_from, bound_to);
      perform public.raise_wall(format('public.%I', part)::regclass);
      made := made + 1;
    end loop;
  end loop;
  return made;
end $$;
revoke all on function ensure_partitions(date, integer) from public;
grant execute on function ensure_partitions(date, integer) to vouch_app;
