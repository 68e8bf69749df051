-- The log: a Merkle tree over every row of the trail and every decision, one for each tenant. What happened is the row in
-- the caller's transaction; a sequencer orders and hashes it afterwards, and nothing on the request path waits for that.

-- The transaction that wrote the row. Those before the oldest one under way are over, so a reader that goes by
-- (xact, id) and stops there misses nothing and sees nothing twice, whatever order they committed in.
alter table audit_event add column xact xid8 not null default pg_current_xact_id();
alter table decision add column xact xid8 not null default pg_current_xact_id();
comment on column audit_event.xact is 'none: number of the transaction, by which the log follows';
comment on column decision.xact is 'none: number of the transaction, by which the log follows';
create index audit_event_by_xact on audit_event (tenant_id, xact, id);
create index decision_by_xact on decision (tenant_id, xact, id);

-- One row a log. Its lock is the lease of whoever sequences or signs.
create table log_head (
  tenant_id uuid primary key references tenant (id),
  origin text not null check (length(origin) between 1 and 255),
  size bigint not null check (size >= 0),
  cursors jsonb not null,
  is_public boolean not null default false,
  created_at timestamptz not null
);
select raise_wall('log_head');
comment on column log_head.tenant_id is 'none: the tenant';
comment on column log_head.origin is 'none: name of the log in its checkpoints, for ever';
comment on column log_head.size is 'none: how many entries are sequenced';
comment on column log_head.cursors is 'none: for each source, transaction and id of the last row that is sequenced';
comment on column log_head.is_public is 'none: whether anybody may read the tiles, without a key';
comment on column log_head.created_at is 'none: time';

-- An entry is {at, commit, id, type, v} as canonical JSON; these are its parts. Its content is derived from the row of
-- its source. Without the salt nobody can tell what was committed to.
create table log_entry (
  tenant_id uuid not null references tenant (id),
  index bigint not null check (index >= 0),
  source text not null check (source ~ '^[a-z_]+$'),
  id uuid not null,
  at timestamptz not null,
  type text not null check (type ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$'),
  commitment bytea not null check (length(commitment) = 32),
  salt bytea check (length(salt) = 32),
  primary key (tenant_id, index),
  unique (tenant_id, id)
);
select raise_wall('log_entry');
comment on column log_entry.tenant_id is 'none: the tenant';
comment on column log_entry.index is 'none: place in the log, from 0';
comment on column log_entry.source is 'none: which kind of row it stands for';
comment on column log_entry.id is 'none: id of the row';
comment on column log_entry.at is 'none: time of the row';
comment on column log_entry.type is 'none: noun.verb';
comment on column log_entry.commitment is 'none: SHA-256 of salt and content';
comment on column log_entry.salt is 'none: 32 random bytes; null once the content is erased';

-- Hashes of the tree, by C2SP tlog-tiles: full tiles never change, the last of each level grows.
create table log_tile (
  tenant_id uuid not null references tenant (id),
  level smallint not null check (level between 0 and 7),
  index bigint not null check (index >= 0),
  hashes bytea not null check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0),
  primary key (tenant_id, level, index)
);
alter table log_tile alter column hashes set storage external;
select raise_wall('log_tile');
comment on column log_tile.tenant_id is 'none: the tenant';
comment on column log_tile.level is 'none: 0 holds the hashes of entries, each other those of the tiles below';
comment on column log_tile.index is 'none: place in the level';
comment on column log_tile.hashes is 'none: up to 256 SHA-256, side by side';

-- What was signed, for ever: a log that signs two trees of one size has lied.
create table log_checkpoint (
  tenant_id uuid not null references tenant (id),
  size bigint not null check (size >= 0),
  root bytea not null check (length(root) = 32),
  note text not null check (length(note) <= 65536),
  at timestamptz not null,
  primary key (tenant_id, size)
);
select raise_wall('log_checkpoint');
comment on column log_checkpoint.tenant_id is 'none: the tenant';
comment on column log_checkpoint.size is 'none: how many entries it covers';
comment on column log_checkpoint.root is 'none: root of the tree';
comment on column log_checkpoint.note is 'none: the signed note (C2SP tlog-checkpoint)';
comment on column log_checkpoint.at is 'none: when it was signed';

-- Keys that sign checkpoints. The first is made with the log; a later one is announced in the trail, and signs from the
-- first checkpoint on that covers the announcement. That one carries the signatures of both.
create table log_key (
  tenant_id uuid not null references tenant (id),
  version integer not null check (version > 0),
  vkeys text not null check (length(vkeys) <= 8192),
  seeds bytea not null,
  announced_in uuid,
  first_size bigint check (first_size >= 0),
  created_at timestamptz not null,
  primary key (tenant_id, version)
);
select raise_wall('log_key');
comment on column log_key.tenant_id is 'none: the tenant';
comment on column log_key.version is 'none: counts up at rotation';
comment on column log_key.vkeys is 'none: verifier keys, one a line, Ed25519 first';
comment on column log_key.seeds is 'none: both private keys, sealed under the tenant''s data key';
comment on column log_key.announced_in is 'none: row of the trail that announced the key; null for the first';
comment on column log_key.first_size is 'none: size of the first checkpoint it signed; null while it waits';
comment on column log_key.created_at is 'none: time';

-- Who follows the log by position, and how far they have come.
create table log_follower (
  tenant_id uuid not null references tenant (id),
  name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  position bigint not null check (position >= 0),
  created_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (tenant_id, name)
);
select raise_wall('log_follower');
comment on column log_follower.tenant_id is 'none: the tenant';
comment on column log_follower.name is 'none: a word the tenant, or a part of the system, chose';
comment on column log_follower.position is 'none: entries before it are handed over';
comment on column log_follower.created_at is 'none: time';
comment on column log_follower.moved_at is 'none: when it last moved';

-- Looking at the stored log again: how far the pass under way has come, when the last whole one ended, what was found.
create table log_verification (
  tenant_id uuid primary key references tenant (id),
  next_index bigint not null check (next_index >= 0),
  looked_at timestamptz not null,
  whole_at timestamptz,
  whole_size bigint check (whole_size >= 0),
  found_index bigint check (found_index >= 0),
  found text check (length(found) between 1 and 500),
  found_at timestamptz,
  check ((found is null) = (found_at is null))
);
select raise_wall('log_verification');
comment on column log_verification.tenant_id is 'none: the tenant';
comment on column log_verification.next_index is 'none: first entry that the pass has not looked at';
comment on column log_verification.looked_at is 'none: when a part was last looked at';
comment on column log_verification.whole_at is 'none: when the last whole pass ended without a fault';
comment on column log_verification.whole_size is 'none: how many entries it looked at';
comment on column log_verification.found_index is 'none: entry at fault; null if it is none in particular';
comment on column log_verification.found is 'none: the first fault; null once a whole pass finds none';
comment on column log_verification.found_at is 'none: when it was found';

grant select, insert, update (size, cursors, is_public) on log_head to vouch_app;
grant select, insert, update (salt) on log_entry to vouch_app;
grant select, insert, update (hashes) on log_tile to vouch_app;
grant select, insert on log_checkpoint to vouch_app;
grant select, insert, update (first_size) on log_key to vouch_app;
grant select, insert, update (position, moved_at), delete on log_follower to vouch_app;
grant select, insert, update (next_index, looked_at, whole_at, whole_size, found_index, found, found_at) on log_verification to vouch_app;
