-- API keys. The secret is shown once and kept only as SHA-256 (it has 256 bits of entropy, so a slow hash adds nothing).
create table api_key (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  name bytea not null,
  secret_hash bytea not null check (length(secret_hash) = 32),
  scopes text[] not null,
  allowed_ips text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  replaced_by uuid,
  last_used_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, replaced_by) references api_key (tenant_id, id)
);
select raise_wall('api_key');
comment on column api_key.tenant_id is 'none: the tenant';
comment on column api_key.id is 'none: UUIDv7';
comment on column api_key.name is 'personal: staff; what was entered; to tell keys apart; until the tenant is erased; sealed';
comment on column api_key.secret_hash is 'none: SHA-256 of the whole key';
comment on column api_key.scopes is 'none: permissions';
comment on column api_key.allowed_ips is 'none: networks of the tenant''s own servers, as CIDR; empty means anywhere';
comment on column api_key.created_at is 'none: time';
comment on column api_key.expires_at is 'none: time';
comment on column api_key.revoked_at is 'none: time';
comment on column api_key.replaced_by is 'none: the key that rotation made';
comment on column api_key.last_used_at is 'none: time, at most a minute behind';

grant select, insert on api_key to vouch_app;
grant update (expires_at, revoked_at, replaced_by, last_used_at) on api_key to vouch_app;
