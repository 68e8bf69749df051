-- The journal: decisions of a tenant in one order, and counters of subjects as a cache of them. A decision's row says all
-- that the counters need, so that they can be made again from rows alone.

-- One row a tenant. Its lock is the turn to decide; nothing else on the request path is locked.
create table tenant_head (
  tenant_id uuid primary key references tenant (id),
  version bigint not null check (version >= 0)
) with (fillfactor = 50);
select raise_wall('tenant_head');
comment on column tenant_head.tenant_id is 'none: the tenant';
comment on column tenant_head.version is 'none: the newest version that was given out; some stand for no decision';

-- One row a tenant: decisions up to that version are in the counters.
create table counter_mark (
  tenant_id uuid primary key references tenant (id),
  version bigint not null check (version >= 0)
) with (fillfactor = 50);
select raise_wall('counter_mark');
comment on column counter_mark.tenant_id is 'none: the tenant';
comment on column counter_mark.version is 'none: every decision up to it is in the counters';

-- No foreign key: this table is written on every decision, its rows pass the wall, and tenants are never deleted.
create table subject_counter (
  tenant_id uuid not null,
  subject bytea not null check (length(subject) = 16),
  as_of bigint not null check (as_of >= 0),
  written_on date not null,
  state bytea not null check (length(state) <= 1048576),
  primary key (tenant_id, subject)
) with (fillfactor = 80);
create index subject_counter_by_day on subject_counter (tenant_id, written_on);
select raise_wall('subject_counter');
comment on column subject_counter.tenant_id is 'none: the tenant';
comment on column subject_counter.subject is 'personal: end user; identifier; to count what one user, card, device, address, agent or payee did; until idle for 31 days; first half of an HMAC under the tenant''s index key';
comment on column subject_counter.as_of is 'none: decisions up to this version are counted';
comment on column subject_counter.written_on is 'none: day of the last write, UTC';
comment on column subject_counter.state is 'personal: end user; behaviour; to recognise unusual frequency, amounts, hours and places; until idle for 31 days; clear: numbers and sums of payments in buckets of time, hours of the day, the last place to a tenth of a degree, halves of HMACs of whom it was seen with';

-- One row a tenant, from its first change on.
create table decision_basis (
  tenant_id uuid primary key references tenant (id),
  version bigint not null check (version >= 1)
) with (fillfactor = 50);
select raise_wall('decision_basis');
comment on column decision_basis.tenant_id is 'none: the tenant';
comment on column decision_basis.version is 'none: counts changes of the published policy and of what lists there are';

-- Which fields, and which lengths of prefixes, entries of the tenant's lists have or had: nothing else is looked up.
create table list_form (
  tenant_id uuid not null references tenant (id),
  field text not null,
  prefix smallint not null check (prefix between -1 and 128),
  primary key (tenant_id, field, prefix)
);
select raise_wall('list_form');
comment on column list_form.tenant_id is 'none: the tenant';
comment on column list_form.field is 'none: user, card, ip and so on';
comment on column list_form.prefix is 'none: length of a network''s prefix; -1 for what is no range of addresses';
do $$
declare
  one uuid;
begin
  for one in select id from tenant loop
    perform set_config('app.tenant', one::text, true);
    insert into list_form select distinct tenant_id, field, coalesce(prefix, -1) from list_entry;
  end loop;
  perform set_config('app.tenant', '', true);
end $$;
drop index list_entry_by_prefix;

-- Null in decisions from before the journal, which are counted nowhere.
alter table decision add column version bigint check (version > 0);
alter table decision add column subjects bytea check (length(subjects) % 17 = 0);
alter table decision add column local_hour smallint check (local_hour between 0 and 23);
alter table decision add column lat_tenths smallint check (lat_tenths between -900 and 900);
alter table decision add column lon_tenths smallint check (lon_tenths between -1800 and 1800);
comment on column decision.version is 'none: place in the order of the tenant''s decisions';
comment on column decision.subjects is 'personal: end user; identifier; to count again what one card, device, address or agent did, and where from; as the decision; for each a byte for its kind and the first half of an HMAC under the tenant''s index key';

comment on column decision.local_hour is 'personal: end user; behaviour; to recognise unusual hours; as the decision; clear: hour of the day where it happened';
comment on column decision.lat_tenths is 'personal: end user; place; to recognise journeys that nobody can make; as the decision; clear: latitude to a tenth of a degree, which is 11 km';
comment on column decision.lon_tenths is 'personal: end user; place; to recognise journeys that nobody can make; as the decision; clear: longitude to a tenth of a degree';

-- As for subject_counter: to look up the tenant of every row costs more than to insert the row.
alter table decision drop constraint decision_tenant_id_fkey;
alter table idempotency drop constraint idempotency_tenant_id_fkey;
alter table log_entry drop constraint log_entry_tenant_id_fkey;
-- Keys are found by their hash, and dropped hourly: an index for that costs every decision.
drop index idempotency_by_age;

-- Two processes that gave out one version have not seen each other: the second must fail. Only a partition can hold that,
-- because the key of the whole table is the id. It is also what replaying reads by. Rows of up to a page stay whole: to
-- compress a document costs more than to store it.
create or replace function ensure_partitions(first_day date, months integer) returns integer
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
      if parent = 'decision' then
        execute format('alter table public.%I set (toast_tuple_target = 8160)', part);
        execute format('create unique index %I on public.%I (tenant_id, version)', part || '_version', part);
      end if;
      perform public.raise_wall(format('public.%I', part)::regclass);
      made := made + 1;
    end loop;
  end loop;
  return made;
end $$;
do $$
declare
  part text;
begin
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'decision'::regclass
  loop
    execute format('create unique index %I on %I (tenant_id, version)', part || '_version', part);
    execute format('alter table %I set (toast_tuple_target = 8160)', part);
  end loop;
end $$;

grant select, insert, update (version) on tenant_head to vouch_app;
grant select, insert, update (version) on counter_mark to vouch_app;
grant select, insert, update (version) on decision_basis to vouch_app;
grant select, insert on list_form to vouch_app;
grant select, insert, update (as_of, written_on, state), delete on subject_counter to vouch_app;
