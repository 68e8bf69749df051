/**
 * Refuses to run under a role that could step over the walls: superuser, bypassing or replicating, owning tables,
 * reading or writing files of the server, or able to become a role that can.
 */
import type { Connections } from './connections.ts'

export class UnsafeRoleError extends Error {
  override name = 'UnsafeRoleError'
}

const findings = `
  with recursive can_be as (
    select oid, rolname, rolsuper, rolbypassrls, rolreplication, rolcreaterole from pg_roles where rolname in (current_user, session_user)
    union
    select r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolreplication, r.rolcreaterole
    from pg_roles r join pg_auth_members m on m.roleid = r.oid join can_be on can_be.oid = m.member
  )
  select rolname as role, 'is superuser' as why from can_be where rolsuper
  union all select rolname, 'bypasses row security' from can_be where rolbypassrls
  union all select rolname, 'may replicate, and so read everything' from can_be where rolreplication
  union all select rolname, 'may make itself other roles' from can_be where rolcreaterole
  union all select rolname, 'reads, writes or runs files of the server' from can_be
    where rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_write_all_data', 'pg_read_all_data', 'pg_maintain')
  union all select distinct rolname, 'owns tables or the database' from can_be
    where exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relowner = can_be.oid and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema')
       or exists (select from pg_database d where d.datname = current_database() and d.datdba = can_be.oid)`

export async function requireSafeRole(connections: Connections): Promise<void> {
  const found = await connections.inspect<{ role: string; why: string }>(findings)
  if (found.length === 0) return
  const reasons = found.map(({ role, why }) => `${role} ${why}`).join('; ')
  throw new UnsafeRoleError(
    `Vouch will not run under this database role, because it could step over the walls between tenants: ${reasons}. ` +
      'Point VOUCH_DATABASE_URL at the role vouch_app of docs/operations/database.md.',
  )
}
