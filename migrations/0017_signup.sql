-- Who signed up. A tenant that the operator made has no row.
create table tenant_contact (
  tenant_id uuid primary key references tenant (id),
  name bytea not null,
  email bytea not null,
  created_at timestamptz not null
);
select raise_wall('tenant_contact');
comment on column tenant_contact.tenant_id is 'none: the tenant';
comment on column tenant_contact.name is 'personal: who signed up; name; to know whose the tenant is; until the tenant is erased; sealed';
comment on column tenant_contact.email is 'personal: who signed up; e-mail address; to reach whose the tenant is; until the tenant is erased; sealed';
comment on column tenant_contact.created_at is 'none: time';

grant select, insert on tenant_contact to vouch_app;
