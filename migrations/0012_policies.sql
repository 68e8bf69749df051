-- Policies of a tenant: what was published, each version as it was, and the one draft. Version 1 is the default policy of
-- the program, so versions here begin with 2. What was published is never changed: decisions name it.
create table policy_version (
  tenant_id uuid not null references tenant (id),
  version integer not null check (version >= 2),
  document bytea not null,
  restores integer check (restores >= 1 and restores < version),
  published_at timestamptz not null,
  published_by text not null,
  primary key (tenant_id, version)
);
select raise_wall('policy_version');
comment on column policy_version.tenant_id is 'none: the tenant';
comment on column policy_version.version is 'none: counts up by one';
comment on column policy_version.document is 'none: canonical JSON of the policy; words of the tenant';
comment on column policy_version.restores is 'none: the version that a rollback published again; null otherwise';
comment on column policy_version.published_at is 'none: time';
comment on column policy_version.published_by is 'none: wire id of the key, or number of the operator, that published it';

create table policy_draft (
  tenant_id uuid primary key references tenant (id),
  revision integer not null check (revision >= 1),
  document bytea not null,
  updated_at timestamptz not null,
  updated_by text not null
);
select raise_wall('policy_draft');
comment on column policy_draft.tenant_id is 'none: the tenant';
comment on column policy_draft.revision is 'none: counts up with every change; the draft''s entity tag';
comment on column policy_draft.document is 'none: canonical JSON of the policy; words of the tenant';
comment on column policy_draft.updated_at is 'none: time';
comment on column policy_draft.updated_by is 'none: wire id of the key, or number of the operator, that changed it';

grant select, insert on policy_version to vouch_app;
grant select, insert, update (revision, document, updated_at, updated_by) on policy_draft to vouch_app;
