-- Witnesses (C2SP tlog-witness): whom the checkpoints of a log are shown to, what they said last, and what they have cosigned.

alter table log_head add column witness_quorum smallint not null default 0 check (witness_quorum between 0 and 16);
alter table log_head add column quorum_since timestamptz;
comment on column log_head.witness_quorum is 'none: how many witnesses must have cosigned a checkpoint; 0 asks for none';
comment on column log_head.quorum_since is 'none: when the quorum was set; null before';

create table log_witness (
  tenant_id uuid not null references tenant (id),
  name text not null check (length(name) between 1 and 100),
  url text not null check (length(url) between 8 and 500),
  vkeys text not null check (length(vkeys) between 1 and 8192),
  seen_size bigint not null check (seen_size >= 0),
  state text not null check (state in ('new', 'cosigned', 'stale', 'forked', 'unknown_origin', 'unsigned', 'inconsistent', 'lying', 'unusable', 'absent', 'rolled_back')),
  detail text check (length(detail) between 1 and 500),
  since timestamptz not null,
  asked_at timestamptz,
  failures smallint not null check (failures >= 0),
  due_at timestamptz not null,
  created_at timestamptz not null,
  primary key (tenant_id, name)
);
select raise_wall('log_witness');
comment on column log_witness.tenant_id is 'none: the tenant';
comment on column log_witness.name is 'none: name of its keys';
comment on column log_witness.url is 'none: where it takes checkpoints, a submission prefix';
comment on column log_witness.vkeys is 'none: verifier keys, one a line';
comment on column log_witness.seen_size is 'none: size of what it has cosigned last';
comment on column log_witness.state is 'none: what it did last, in a word';
comment on column log_witness.detail is 'none: more about what it did last; null if there is no more';
comment on column log_witness.since is 'none: since when it does that';
comment on column log_witness.asked_at is 'none: when it was asked last; null before the first time';
comment on column log_witness.failures is 'none: how often it has not cosigned, one after the other';
comment on column log_witness.due_at is 'none: nobody asks it before: a process is at it, or it rests after it has not cosigned';
comment on column log_witness.created_at is 'none: when it was added';

-- Kept when the witness is removed: what it has seen stays true.
create table log_cosignature (
  tenant_id uuid not null references tenant (id),
  size bigint not null,
  witness text not null check (length(witness) between 1 and 100),
  lines text not null check (length(lines) between 1 and 16384),
  at timestamptz not null,
  primary key (tenant_id, size, witness),
  foreign key (tenant_id, size) references log_checkpoint (tenant_id, size) on delete cascade
);
create index log_cosignature_by_witness on log_cosignature (tenant_id, witness, size);
select raise_wall('log_cosignature');
comment on column log_cosignature.tenant_id is 'none: the tenant';
comment on column log_cosignature.size is 'none: which checkpoint';
comment on column log_cosignature.witness is 'none: name of the witness';
comment on column log_cosignature.lines is 'none: its signature lines, verified';
comment on column log_cosignature.at is 'none: when they came';

grant update (witness_quorum, quorum_since) on log_head to vouch_app;
grant select, insert, update (seen_size, state, detail, since, asked_at, failures, due_at), delete on log_witness to vouch_app;
grant select, insert, update (lines, at) on log_cosignature to vouch_app;
