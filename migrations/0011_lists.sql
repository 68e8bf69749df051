-- Networks in lists: an entry of the field `ip` may stand for a range. It is found by the blind key of the range, so a
-- decision asks for its address's ranges of the lengths that the tenant uses, and of no others.
alter table list_entry add column prefix smallint check (prefix between 0 and 128);
comment on column list_entry.prefix is 'none: length of the network''s prefix, for a range of addresses';
create index list_entry_by_prefix on list_entry (tenant_id, prefix) where prefix is not null;
