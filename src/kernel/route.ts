/**
 * A route as data. Without permission, audit action and rate class it does not type-check; `public`, `loopback` and
 * `none` are words one must write, and the sweep over all routes prints who wrote them.
 */
import type { Static, TSchema } from 'typebox'
import type { AuditAction } from './audit-action.ts'

export type RateClass = 'evaluate' | 'read' | 'write' | 'signup' | 'none'

/** What a key may be allowed. Declared here because keys, routes and tests all speak of the same closed list. */
export const permissions = {
  'decisions:write': 'ask for decisions',
  'decisions:read': 'read decisions',
  'outcomes:write': 'say what became of decisions',
  'analytics:read': 'read usage and analytics',
  'lists:write': 'change lists and their entries',
  'lists:read': 'read lists and their entries',
  'policy:write': 'save the draft of the policy, publish it and roll it back',
  'policy:read': 'read the policy, its draft and its versions',
  'keys:write': 'issue, rotate and revoke keys, within its own scopes',
  'keys:read': 'see keys (never their secrets)',
  'auth:write': 'replace the key that asks, and no other',
  'audit:write': 'set the level of the trail',
  'audit:read': 'read the trail and its level',
  'log:read': 'read the log, its contents, proofs and keys',
  'log:write': 'set who may read the log, its keys, witnesses and followers',
  'history:write': 'date events in the past (imports and replays)',
} as const
export type Permission = keyof typeof permissions
export const isPermission = (word: string): word is Permission => Object.hasOwn(permissions, word)

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export type RouteInput<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  params: Static<P>
  query: Static<Q>
  body: Static<B>
  /** Lower-case header fields the route declared in `headers`. */
  headers: Readonly<Record<string, string | undefined>>
}

export type Reply<R> = { status?: number; body: R; headers?: Record<string, string> }

type Described<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> = {
  method: Method
  /** OpenAPI form: `/v1/decisions/{trace_id}`. One that ends with `*` takes all addresses below, as the parameter `*`. */
  path: `/${string}`
  summary: string
  description?: string
  tag: string
  params?: P
  query?: Q
  body?: B
  /** The body as it is documented, where the verb looks at its parts one by one. */
  shownBody?: TSchema
  /** Largest body in bytes; 64 KiB unless told. */
  bodyLimitBytes?: number
  /** How many requests of its rate class one is, once its body is read; one unless told. */
  countOf?(body: Static<B>): number
  /** Header fields the verb reads, lower case, with what they are for. */
  headers?: Readonly<Record<string, string>>
  reply: R
  status?: 200 | 201 | 204
  /** What the reply is, when not JSON. */
  contentType?: string
}

/** A route behind a key: `Ctx` is what authorising yields (the scope and who asks). */
export type GuardedRoute<
  Ctx,
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  R extends TSchema = TSchema,
> = Described<P, Q, B, R> & {
  permission: Permission
  rate: Exclude<RateClass, 'signup'>
  /** A GET names an action of the level `reads`, which is written for it. */
  audit: AuditAction | 'none'
  /** Also taken many at a time, at the same address with `/batch`: each alone, answers in order. */
  batch?: { summary: string; atMost: number; bodyLimitBytes: number }
  /** Why it leaves no row, when its `audit` is `none`. */
  unrecorded?: string
  run(context: Ctx, input: RouteInput<P, Q, B>): Promise<Reply<Static<R>>>
}

/**
 * A route without a key. `loopback` answers only to callers on this machine. A reply with an `etag` that the caller has
 * already (If-None-Match) becomes a 304.
 */
export type OpenRoute<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  R extends TSchema = TSchema,
> = Described<P, Q, B, R> & {
  permission: 'public' | 'loopback'
  rate: RateClass
  audit: AuditAction | 'none'
  /** Why there is nothing here for a caller, `undefined` where there is. `isLocal`: on this machine, by no proxy. */
  closedTo?(isLocal: boolean): string | undefined
  /** `requestId`: uuid, for the trail. */
  run(input: RouteInput<P, Q, B> & { requestId: string }): Promise<Reply<Static<R>>>
}

/** Types an open route from its schemas. */
export const openRoute = <P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema>(
  described: OpenRoute<P, Q, B, R>,
): OpenRoute<P, Q, B, R> => described
