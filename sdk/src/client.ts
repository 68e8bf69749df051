/** The client: a method for each route that a tenant's key opens, each a line over `call`. */
import { type CallOptions, type ClientOptions, createCall, type RouteName } from './call.ts'
import { VouchProblem } from './problem.ts'
import type { EvaluateRequest, FreshDecision, Policy, Routes } from './wire.ts'

/** A payment has `amount` (major units, best as a decimal string) or `amountMinor`: exactly one of them. */
export type Payment = EvaluateRequest &
  ({ amount: string | number; amountMinor?: never } | { amountMinor: number; amount?: never })
/** A decision that is stored. */
export type Evaluation = FreshDecision & { traceId: string }

type Query<R extends RouteName> = Omit<NonNullable<Routes[R] extends { query?: infer Q } ? Q : never>, 'cursor'>
type Body<R extends RouteName> = Routes[R] extends { body: infer B } ? B : never

export type Vouch = ReturnType<typeof createClient>

/**
 * A client of one tenant. It keeps no connection of its own and may be used by any number of callers at once. Every method
 * throws `VouchProblem` for a refusal and `VouchUnreachable` when no answer came.
 */
export function createClient(options: ClientOptions) {
  const call = createCall(options)

  return {
    /**
     * Judges a payment. Without an `idempotencyKey` of yours the client makes one for this call, so that it is decided once
     * however often it has to be sent. Give your own to be safe across restarts of your program too.
     */
    evaluate: async (payment: Payment, options: CallOptions = {}): Promise<Evaluation> => {
      const header = payment.idempotencyKey === undefined ? { 'idempotency-key': makeIdempotencyKey() } : {}
      return stored(await call('POST /v1/evaluate', { ...options, header, body: payment, isRepeatable: true }))
    },
    /**
     * Judges up to 500 payments, each alone. Answers in their order, each a decision or, in its place, the problem of this
     * one; the others are decided all the same. Each payment gets an `idempotencyKey` as with `evaluate`.
     */
    evaluateBatch: async (payments: readonly Payment[], options: CallOptions = {}): Promise<(Evaluation | VouchProblem)[]> => {
      const events = payments.map((payment) => ({ ...payment, idempotencyKey: payment.idempotencyKey ?? makeIdempotencyKey() }))
      const { results } = await call('POST /v1/evaluate/batch', { ...options, body: { events }, isRepeatable: true })
      return results.map((one) => 'code' in one ? new VouchProblem(one.status, one, undefined) : stored(one))
    },
    /** Judges a payment and leaves no decision. */
    dryRun: (payment: Payment, options: CallOptions = {}): Promise<FreshDecision> =>
      call('POST /v1/evaluate', { ...options, query: { dryRun: true }, body: payment, isRepeatable: true }),

    decisions: {
      list: (query: Query<'GET /v1/decisions'> = {}, options: CallOptions = {}) => walk((cursor) => call('GET /v1/decisions', { ...options, query: { ...query, cursor } })),
      get: (traceId: string, options: CallOptions = {}) => call('GET /v1/decisions/{trace_id}', { ...options, path: { traceId } }),
      /** Judges it again from what is stored. */
      replay: (traceId: string, options: CallOptions = {}) => call('GET /v1/decisions/{trace_id}/replay', { ...options, path: { traceId } }),
      /** Says what became of it. The same words again are one outcome; others replace it, and the history is kept. */
      recordOutcome: (traceId: string, body: Body<'POST /v1/decisions/{trace_id}/outcome'>, options: CallOptions = {}) =>
        call('POST /v1/decisions/{trace_id}/outcome', { ...options, path: { traceId }, body, isRepeatable: true }),
      outcomes: (traceId: string, query: Query<'GET /v1/decisions/{trace_id}/outcomes'> = {}, options: CallOptions = {}) =>
        walk((cursor) => call('GET /v1/decisions/{trace_id}/outcomes', { ...options, path: { traceId }, query: { ...query, cursor } })),
    },

    usage: (query: Query<'GET /v1/usage'> = {}, options: CallOptions = {}) => call('GET /v1/usage', { ...options, query }),
    analytics: (query: Query<'GET /v1/analytics'> = {}, options: CallOptions = {}) => call('GET /v1/analytics', { ...options, query }),

    lists: {
      all: async (options: CallOptions = {}) => (await call('GET /v1/lists', options)).data,
      put: (listId: string, body: Body<'PUT /v1/lists/{list_id}'>, options: CallOptions = {}) => call('PUT /v1/lists/{list_id}', { ...options, path: { listId }, body }),
      delete: (listId: string, options: CallOptions = {}) => call('DELETE /v1/lists/{list_id}', { ...options, path: { listId } }),
      entries: (listId: string, query: Query<'GET /v1/lists/{list_id}/entries'> = {}, options: CallOptions = {}) =>
        walk((cursor) => call('GET /v1/lists/{list_id}/entries', { ...options, path: { listId }, query: { ...query, cursor } })),
      addEntry: (listId: string, body: Body<'POST /v1/lists/{list_id}/entries'>, options: CallOptions = {}) => call('POST /v1/lists/{list_id}/entries', { ...options, path: { listId }, body }),
      importEntries: (listId: string, body: Body<'POST /v1/lists/{list_id}/import'>, options: CallOptions = {}) => call('POST /v1/lists/{list_id}/import', { ...options, path: { listId }, body }),
      deleteEntry: (listId: string, entryId: string, options: CallOptions = {}) => call('DELETE /v1/lists/{list_id}/entries/{entry_id}', { ...options, path: { listId, entryId } }),
    },

    /** Policies are documents: their names are those of docs/policy.md, also here. */
    policy: {
      get: (options: CallOptions = {}) => call('GET /v1/policy', options),
      draft: (options: CallOptions = {}) => call('GET /v1/policy/draft', options),
      /** With `revision`, only if the draft is still that one; 0 is no draft yet. */
      saveDraft: (policy: Policy, { revision, ...options }: CallOptions & IfRevision = {}) => call('PUT /v1/policy/draft', { ...options, header: ifMatch(revision), body: policy }),
      validate: (policy: Policy, options: CallOptions = {}) => call('POST /v1/policy/validate', { ...options, body: policy, isRepeatable: true }),
      /** `version` is the next one. With `revision`, only if the draft is still that one. */
      publish: (version: number, { revision, ...options }: CallOptions & IfRevision = {}) => call('POST /v1/policy/publish', { ...options, header: ifMatch(revision), body: { version } }),
      rollback: (version: number, options: CallOptions = {}) => call('POST /v1/policy/rollback', { ...options, body: { version } }),
      versions: (query: Query<'GET /v1/policy/versions'> = {}, options: CallOptions = {}) => walk((cursor) => call('GET /v1/policy/versions', { ...options, query: { ...query, cursor } })),
      version: (version: number, options: CallOptions = {}) => call('GET /v1/policy/versions/{version}', { ...options, path: { version } }),
      diff: (query: Query<'GET /v1/policy/diff'>, options: CallOptions = {}) => call('GET /v1/policy/diff', { ...options, query }),
    },

    keys: {
      list: (query: Query<'GET /v1/keys'> = {}, options: CallOptions = {}) => walk((cursor) => call('GET /v1/keys', { ...options, query: { ...query, cursor } })),
      /** The answer shows the key this once. */
      create: (body: Body<'POST /v1/keys'>, options: CallOptions = {}) => call('POST /v1/keys', { ...options, body }),
      rotate: (keyId: string, body: Body<'POST /v1/keys/{key_id}/rotate'> = {}, options: CallOptions = {}) => call('POST /v1/keys/{key_id}/rotate', { ...options, path: { keyId }, body }),
      /** Replaces the key that this client has. The answer shows the new one this once. */
      rotateOwn: (options: CallOptions = {}) => call('POST /v1/auth/rotate', options),
      revoke: (keyId: string, options: CallOptions = {}) => call('DELETE /v1/keys/{key_id}', { ...options, path: { keyId } }),
    },

    audit: {
      /** The form for OCSF collectors is at `request('GET /v1/audit', { query: { format: 'ocsf' } })`. */
      list: (query: Omit<Query<'GET /v1/audit'>, 'format'> = {}, options: CallOptions = {}) => walk(async (cursor) => {
        const { data, nextCursor } = await call('GET /v1/audit', { ...options, query: { ...query, cursor } })
        return { data: data.filter((event) => 'actor' in event), nextCursor }
      }),
      level: (options: CallOptions = {}) => call('GET /v1/audit/level', options),
      setLevel: (level: Body<'PUT /v1/audit/level'>['level'], options: CallOptions = {}) => call('PUT /v1/audit/level', { ...options, body: { level } }),
    },

    log: {
      status: (options: CallOptions = {}) => call('GET /v1/log', options),
      entries: (query: Query<'GET /v1/log/entries'> = {}, options: CallOptions = {}) => call('GET /v1/log/entries', { ...options, query }),
      /** Of a decision (`tr_…`) or a row of the trail, as text (C2SP tlog-proof). */
      proof: async (id: string, options: CallOptions = {}) => asText(await call('GET /v1/log/proofs/{id}', { ...options, path: { id } })),
      consistency: (from: number, to: number, options: CallOptions = {}) => call('GET /v1/log/consistency', { ...options, query: { from, to } }),
      checkpoint: async (query: Query<'GET /v1/log/checkpoint'> = {}, options: CallOptions = {}) => asText(await call('GET /v1/log/checkpoint', { ...options, query })),
      tile: async (tile: string, options: CallOptions = {}) => asBytes(await call('GET /v1/log/tile/{*}', { ...options, path: { '*': tile } })),
      setVisibility: (isPublic: boolean, options: CallOptions = {}) => call('PUT /v1/log/visibility', { ...options, body: { public: isPublic } }),
      keys: (options: CallOptions = {}) => call('GET /v1/log/keys', options),
      rotateKeys: (options: CallOptions = {}) => call('POST /v1/log/keys/rotate', options),
      followers: {
        all: async (options: CallOptions = {}) => (await call('GET /v1/log/followers', options)).data,
        put: (name: string, body: Body<'PUT /v1/log/followers/{name}'>, options: CallOptions = {}) => call('PUT /v1/log/followers/{name}', { ...options, path: { name }, body }),
        delete: (name: string, options: CallOptions = {}) => call('DELETE /v1/log/followers/{name}', { ...options, path: { name } }),
        entries: (name: string, query: Query<'GET /v1/log/followers/{name}/entries'> = {}, options: CallOptions = {}) =>
          call('GET /v1/log/followers/{name}/entries', { ...options, path: { name }, query }),
        acknowledge: (name: string, body: Body<'POST /v1/log/followers/{name}/acknowledge'>, options: CallOptions = {}) =>
          call('POST /v1/log/followers/{name}/acknowledge', { ...options, path: { name }, body }),
      },
      witnesses: {
        get: (options: CallOptions = {}) => call('GET /v1/log/witnesses', options),
        add: (body: Body<'POST /v1/log/witnesses'>, options: CallOptions = {}) => call('POST /v1/log/witnesses', { ...options, body }),
        remove: (name: string, options: CallOptions = {}) => call('DELETE /v1/log/witnesses/{name}', { ...options, path: { name } }),
        setQuorum: (body: Body<'PUT /v1/log/witness-quorum'>, options: CallOptions = {}) => call('PUT /v1/log/witness-quorum', { ...options, body }),
        policy: async (options: CallOptions = {}) => asText(await call('GET /v1/log/witness-policy', options)),
      },
    },

    /** Any route of openapi.json by its name, typed; one page of a list, for example. */
    request: call,
  }
} // prettier-ignore

type IfRevision = { revision?: number }
const ifMatch = (revision: number | undefined) => (revision === undefined ? {} : { 'if-match': `"${revision}"` })

/** Every item of a list, page by page; the next page is asked for when its first item is wanted. */
async function* walk<T>(
  readPage: (cursor: string | undefined) => Promise<{ data: T[]; nextCursor: string | null }>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined
  do {
    const page = await readPage(cursor)
    yield* page.data
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

function stored(decision: FreshDecision): Evaluation {
  const { traceId, ...rest } = decision
  if (traceId === null) throw new TypeError('The server answered with a decision that it did not store.')
  return { traceId, ...rest }
}

/** 128 random bits. `randomUUID` would be missing on pages that are not served over TLS. */
function makeIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `sdk-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function asText(answer: string | Uint8Array): string {
  if (typeof answer !== 'string') throw new TypeError('The server answered with bytes where text was promised.')
  return answer
}

function asBytes(answer: string | Uint8Array): Uint8Array {
  return typeof answer === 'string' ? new TextEncoder().encode(answer) : answer
}
