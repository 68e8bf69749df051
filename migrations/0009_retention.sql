-- Retention: whole months go at once. Runs as the owner, because the app owns nothing; it can drop no partition whose month
-- ended less than thirteen months ago, whatever it is asked for.
create function drop_partitions(before date) returns text[]
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  part record;
  dropped text[] := '{}';
begin
  if before > date_trunc('month', now()) - interval '13 months' then
    raise exception 'months are kept for at least thirteen months';
  end if;
  perform pg_advisory_xact_lock(hashtext('vouch.ensure_partitions'));
  for part in
    select c.relname from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_class p on p.oid = i.inhparent
    where p.relnamespace = 'public'::regnamespace and p.relname in ('audit_event', 'decision')
      and c.relname ~ ('^' || p.relname || '_\d{4}_\d{2}$')
      and to_date(right(c.relname, 7), 'YYYY_MM') < before
    order by 1
  loop
    execute format('drop table public.%I', part.relname);
    dropped := dropped || part.relname::text;
  end loop;
  return dropped;
end $$;
revoke all on function drop_partitions(date) from public;
grant execute on function drop_partitions(date) to vouch_app;
