-- Tenant keys, sealed under the master key. Destroying a row here makes everything sealed under it unreadable.
create table tenant_key (
  tenant_id uuid not null references tenant (id),
  purpose text not null check (purpose in ('data', 'index')),
  version integer not null check (version > 0),
  sealed bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, purpose, version)
);
select raise_wall('tenant_key');
comment on column tenant_key.tenant_id is 'none: the tenant';
comment on column tenant_key.purpose is 'none: data (seals values) or index (makes blind keys)';
comment on column tenant_key.version is 'none: counts up at rotation';
comment on column tenant_key.sealed is 'none: 32 random bytes, sealed under the master key';
comment on column tenant_key.created_at is 'none: time';

grant select, insert, delete on tenant_key to vouch_app;
