/**
 * Access: who may do what.
 * Promises: authorising is the only way from a request to a scope; what is not granted is denied.
 * Refuses: a permission the principal's scopes do not name.
 * Needs: the database.
 */
import type { TSchema } from 'typebox'
import type { Actor } from '#kernel/actor'
import { Fault } from '#kernel/fault'
import type { GuardedRoute, Permission } from '#kernel/route'
import { type Database, openScope, type Scope } from '#platform/database'

/** `live`, or `test` for the test twin: a tenant of its own, so this shapes keys, and lets test merchants force outcomes. */
export type KeyMode = 'live' | 'test'

/** Whoever a credential proved the caller to be. */
export type Principal = {
  readonly tenantId: string
  readonly mode: KeyMode
  readonly actor: Actor
  readonly permissions: ReadonlySet<Permission>
}

/** What a route's verb is given: the scope it was authorised for, and who asks. */
export type RequestContext = { readonly scope: Scope; readonly principal: Principal; readonly requestId: string }

export type Route<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  R extends TSchema = TSchema,
> = GuardedRoute<RequestContext, P, Q, B, R>

/** Types a route from its schemas. */
export const route = <P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema>(
  described: Route<P, Q, B, R>,
): Route<P, Q, B, R> => described

/** The scope of `principal` for `permission`, or `forbidden`. */
export function authorize(database: Database, principal: Principal, permission: Permission, requestId: string): Scope {
  if (!principal.permissions.has(permission)) {
    throw new Fault('forbidden', `This key lacks the scope ${permission}.`, { internal: `lacks ${permission}` })
  }
  return openScope(database, { tenantId: principal.tenantId, actor: principal.actor, requestId })
}
