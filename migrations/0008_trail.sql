-- How much a tenant has in its trail. Changes and refusals are the floor: no level leaves them out. No row: reads too.
create table audit_level (
  tenant_id uuid primary key references tenant (id),
  level text not null check (level in ('changes', 'reads')),
  changed_at timestamptz not null
);
select raise_wall('audit_level');
comment on column audit_level.tenant_id is 'none: the tenant';
comment on column audit_level.level is 'none: changes, or reads, which is changes and reads';
comment on column audit_level.changed_at is 'none: time';

-- Each filter of the trail walks one of these, newest first. They are whole, not partial: a prepared statement is
-- planned without the value it will get, and then no condition on that value can be shown to fit a partial index.
create index audit_event_by_action on audit_event (tenant_id, action, id);
create index audit_event_by_actor on audit_event (tenant_id, actor_id, id);
create index audit_event_by_actor_action on audit_event (tenant_id, actor_id, action, id);
create index audit_event_by_target on audit_event (tenant_id, target, id);
create index audit_event_by_outcome on audit_event (tenant_id, outcome, id);

grant select, insert, update on audit_level to vouch_app;
