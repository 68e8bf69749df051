/** Logs whose tenants let anybody read them, where their origins say they are: `/log/{tenant_id}`. */
import Type from 'typebox'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { fromWireId } from '#kernel/id'
import { type OpenRoute, openRoute } from '#kernel/route'
import type { Tx } from '#platform/database'
import type { Jwk } from '#platform/tlog'
import { Bytes, KeySet, LogKeys, PublicParams, PublicTileParams } from './contract.ts'
import type { Logs } from './index.ts'
import { binary, plain } from './routes.ts'
import { toKeySet, toWireKeys } from './wire.ts'

const common = { method: 'GET', tag: 'Public logs', permission: 'public', audit: 'none', rate: 'read' } as const
const keySetKeptMs = 60_000
const mostKeySets = 1_000

/** `iat` and `exp`: seconds since 1970; from `exp` on the key signs nothing any more. */
type DatedJwk = Jwk & { readonly iat?: number; readonly exp?: number }
type KeySetBody = { keys: DatedJwk[] }

/** `more`: keys of the installation that sign something else than logs. */
export function openRoutes(logs: Logs, clock: Clock, more: () => Promise<readonly DatedJwk[]>): OpenRoute[] {
  /** As if it were not there, unless its tenant says that anybody may read it. */
  function inPublic<T>(wireId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const tenantId = fromWireId('tenant', wireId)
    const nothing = (): Fault => new Fault('not_found', 'There is no public log at this address.')
    if (tenantId === undefined) throw nothing()
    return logs.asSystem(tenantId).transaction(async (tx) => {
      if (!(await logs.isPublic(tx))) throw nothing()
      return work(tx)
    })
  }

  let kept: { keySet: Promise<KeySetBody>; untilMs: number } | undefined
  /** Walks by every tenant, once for all who ask within a minute. */
  function keySet(): Promise<KeySetBody> {
    if (!kept || kept.untilMs <= clock.elapsed()) {
      const asked = readKeySet()
      kept = { keySet: asked, untilMs: clock.elapsed() + keySetKeptMs }
      asked.catch(() => (kept = undefined))
    }
    return kept.keySet
  }
  async function readKeySet(): Promise<KeySetBody> {
    const keys: DatedJwk[] = [...(await more())]
    for await (const tenantId of logs.everyTenant()) {
      const found = await logs
        .asSystem(tenantId)
        .transaction(async (tx) => ((await logs.isPublic(tx)) ? logs.keys(tx) : []))
      keys.push(...toKeySet(found).keys)
      if (keys.length >= mostKeySets) break
    }
    return { keys }
  }

  return [
    openRoute({
      ...common,
      path: '/log/{tenant_id}/checkpoint',
      summary: 'The newest signed checkpoint of a public log (C2SP tlog-checkpoint)',
      params: PublicParams,
      reply: Type.String(),
      contentType: plain,
      async run({ params }) {
        return { body: await inPublic(params.tenant_id, logs.checkpoint), headers: { 'cache-control': 'no-cache' } }
      },
    }),
    openRoute({
      ...common,
      path: '/log/{tenant_id}/tile/*',
      summary: 'A tile or a bundle of entries of a public log (C2SP tlog-tiles)',
      params: PublicTileParams,
      reply: Bytes,
      contentType: binary,
      async run({ params }) {
        const body = await inPublic(params.tenant_id, (tx) => logs.tile(tx, params['*']))
        return { body, headers: { 'cache-control': 'public, max-age=31536000, immutable' } }
      },
    }),
    openRoute({
      ...common,
      path: '/log/{tenant_id}/keys',
      summary: 'Keys that sign a public log, and those that did',
      params: PublicParams,
      reply: LogKeys,
      async run({ params }) {
        const read = async (tx: Tx) => toWireKeys((await logs.head(tx)).origin, await logs.keys(tx))
        return { body: await inPublic(params.tenant_id, read), headers: { 'cache-control': 'max-age=60' } }
      },
    }),
    openRoute({
      ...common,
      path: '/.well-known/jwks.json',
      summary: 'Keys that sign attestations, and keys of all public logs (RFC 7517)',
      reply: KeySet,
      async run() {
        return { body: await keySet(), headers: { 'cache-control': 'max-age=60' } }
      },
    }),
  ]
}
