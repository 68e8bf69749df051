-- Tenants, and the wall that every later tenant table is built behind.
--
-- Column comments are the inventory of data, read by the tests and by docs/data.md. Two forms:
--   none: <what it is>
--   personal: <whose>; <category>; <purpose>; <kept how long>; <in what form>

-- What this installation is. Not a tenant table: it holds nothing of anyone.
create table installation (
  id smallint primary key default 1 check (id = 1),
  master_key_check bytea not null,
  created_at timestamptz not null
);
comment on table installation is 'global: one row; proves that the master key is the right one before anything is read or written with it';
comment on column installation.id is 'none: always 1';
comment on column installation.master_key_check is 'none: a known text sealed under the master key';
comment on column installation.created_at is 'none: first start';

-- The only table that lists tenants. It holds no name and no personal datum, so that walking it tells nothing.
create table tenant (
  id uuid primary key,
  twin_of uuid unique references tenant (id),
  created_at timestamptz not null,
  check (twin_of <> id)
);
comment on table tenant is 'global: ids only; a tenant with twin_of is the test twin of that tenant';
comment on column tenant.id is 'none: random id';
comment on column tenant.twin_of is 'none: the live tenant whose test twin this is';
comment on column tenant.created_at is 'none: time';

-- Raises the wall around one table: row security, also for its owner, on the tenant set in this transaction.
-- A missing or empty setting is no tenant at all, and no tenant sees nothing.
create function raise_wall(target regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy tenant_wall on %s using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)'
    ' with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', target);
end $$;
revoke all on function raise_wall(regclass) from public;

create table tenant_profile (
  tenant_id uuid primary key references tenant (id),
  name text not null check (length(name) between 1 and 100)
);
select raise_wall('tenant_profile');
comment on column tenant_profile.tenant_id is 'none: the tenant';
comment on column tenant_profile.name is 'none: the name an organisation gave its tenant';

grant select, insert on installation, tenant to vouch_app;
grant select, insert, update on tenant_profile to vouch_app;
