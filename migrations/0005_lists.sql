-- Lists of a tenant: who is always refused, who is always approved, and lists that rules may name.
create table list (
  tenant_id uuid not null references tenant (id),
  id text not null check (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  kind text not null check (kind in ('allow', 'deny', 'custom')),
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
select raise_wall('list');
comment on column list.tenant_id is 'none: the tenant';
comment on column list.id is 'none: a word the tenant chose';
comment on column list.kind is 'none: allow, deny or custom';
comment on column list.created_at is 'none: time';

create table list_entry (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  list_id text not null,
  field text not null,
  value_key bytea not null check (length(value_key) = 32),
  value bytea not null,
  note bytea,
  expires_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, list_id, value_key),
  foreign key (tenant_id, list_id) references list (tenant_id, id) on delete cascade
);
create index list_entry_by_value on list_entry (tenant_id, value_key);
select raise_wall('list_entry');
comment on column list_entry.tenant_id is 'none: the tenant';
comment on column list_entry.id is 'none: UUIDv7';
comment on column list_entry.list_id is 'none: the list';
comment on column list_entry.field is 'none: which field of an event the value is matched with';
comment on column list_entry.value_key is 'personal: end user; identifier; to find the entry; until deleted or expired; HMAC under the tenant''s index key';
comment on column list_entry.value is 'personal: end user; identifier; to show the entry to the tenant; until deleted or expired; sealed';
comment on column list_entry.note is 'personal: end user; remark; to remember why; until deleted or expired; sealed';
comment on column list_entry.expires_at is 'none: time';
comment on column list_entry.created_at is 'none: time';

grant select, insert, delete on list to vouch_app;
grant select, insert, delete on list_entry to vouch_app;
