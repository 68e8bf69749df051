-- Counts of decisions and outcomes, so that nobody counts rows to answer a question. They hold nothing of anybody, and stay
-- when decisions go.

-- One row a tenant. Whoever adds to its tallies holds its lock.
create table analytics_mark (
  tenant_id uuid primary key references tenant (id),
  version bigint not null check (version >= 0)
) with (fillfactor = 50);
select raise_wall('analytics_mark');
comment on column analytics_mark.tenant_id is 'none: the tenant';
comment on column analytics_mark.version is 'none: every decision up to it is counted, and none after it';

create table decision_tally (
  tenant_id uuid not null references tenant (id),
  day integer not null check (day >= 0),
  policy_version integer not null check (policy_version >= 1),
  counts jsonb not null,
  primary key (tenant_id, day, policy_version)
) with (fillfactor = 50);
select raise_wall('decision_tally');
comment on column decision_tally.tenant_id is 'none: the tenant';
comment on column decision_tally.day is 'none: UTC day on which the decisions were received, counted from 1970-01-01';
comment on column decision_tally.policy_version is 'none: the version of the policy that judged them';
comment on column decision_tally.counts is 'none: numbers of answers, rules, outcomes and latencies, sums of amounts and points; by words of the policy';

-- What is still to be added to a tally: written by whoever has something to count, without waiting for anybody. An answer is
-- the sum of both tables.
create table tally_change (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  day integer not null check (day >= 0),
  policy_version integer not null check (policy_version >= 1),
  counts jsonb not null,
  primary key (tenant_id, id)
);
select raise_wall('tally_change');
comment on column tally_change.tenant_id is 'none: the tenant';
comment on column tally_change.id is 'none: UUIDv7';
comment on column tally_change.day is 'none: as in decision_tally';
comment on column tally_change.policy_version is 'none: as in decision_tally';
comment on column tally_change.counts is 'none: numbers by which to change, below nothing where something is taken back';

grant select, insert, update (version) on analytics_mark to vouch_app;
grant select, insert, update (counts) on decision_tally to vouch_app;
grant select, insert, delete on tally_change to vouch_app;
