import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { fromWireId } from '#kernel/id'
import Type from 'typebox'
import { type Route, route } from '#platform/access'
import { logKeyAnnounced, logVisibilityChanged } from './actions.ts'
import {
  Bytes,
  CheckpointQuery,
  Consistency,
  ConsistencyQuery,
  EntryPage,
  EntryQuery,
  LogKeys,
  ProofParams,
  Status,
  TileParams,
  Visibility,
} from './contract.ts'
import type { Logs } from './index.ts'
import { followerRoutes } from './followers/routes.ts'
import { witnessRoutes } from './witnesses/routes.ts'
import { toWireEntry, toWireKeys } from './wire.ts'

const tag = 'Log'
export const binary = 'application/octet-stream'
export const plain = 'text/plain; charset=utf-8'

const none = {
  permission: 'log:read',
  audit: 'none',
  unrecorded: 'a row for each look would itself be an entry, and whoever follows would never come to the end',
  rate: 'read',
} as const

export const routes = (logs: Logs): Route[] => [
  ...followerRoutes(logs),
  ...witnessRoutes(logs.witnesses),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log',
    tag,
    summary: 'The log: its name, its size, what was signed last',
    reply: Status,
    async run({ scope }) {
      return { body: toStatus(await scope.transaction(logs.status)) }
    },
  }),
  route({
    method: 'PUT',
    path: '/v1/log/visibility',
    tag,
    summary: 'Let anybody read the log, or only keys with log:read',
    description: 'Tiles hold commitments and no contents; types, times and ids of what happened can be read from them.',
    permission: 'log:write',
    audit: logVisibilityChanged,
    rate: 'write',
    body: Visibility,
    reply: Status,
    async run({ scope }, { body }) {
      return {
        body: await scope.transaction(async (tx) => {
          await logs.setVisibility(tx, body.public)
          return toStatus(await logs.status(tx))
        }),
      }
    },
  }),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log/keys',
    tag,
    summary: 'Keys that sign, and those that did',
    reply: LogKeys,
    async run({ scope }) {
      const { head, keys } = await scope.transaction(async (tx) => ({
        head: await logs.head(tx),
        keys: await logs.keys(tx),
      }))
      return { body: toWireKeys(head.origin, keys) }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/log/keys/rotate',
    tag,
    summary: 'Announce the next key; it signs from the next checkpoint on',
    permission: 'log:write',
    audit: logKeyAnnounced,
    rate: 'write',
    reply: LogKeys,
    async run({ scope }) {
      const { head, keys } = await scope.transaction(async (tx) => {
        await logs.rotate(tx)
        return { head: await logs.head(tx), keys: await logs.keys(tx) }
      })
      return { body: toWireKeys(head.origin, keys) }
    },
  }),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log/entries',
    tag,
    summary: 'Entries with their contents, oldest first',
    query: EntryQuery,
    reply: EntryPage,
    async run({ scope }, { query }) {
      const { after = 0, limit = 50, wait_seconds = 0 } = query
      const entries = await logs.following.readOrWait(scope, after, limit, wait_seconds * 1_000)
      return { body: { data: entries.map(toWireEntry), next_after: after + entries.length } }
    },
  }),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log/proofs/{id}',
    tag,
    summary: 'Proof that a decision or a row of the trail is in the log (C2SP tlog-proof)',
    params: ProofParams,
    reply: Type.String(),
    contentType: plain,
    async run({ scope }, { params }) {
      const id = fromWireId('decision', params.id) ?? fromWireId('audit', params.id)
      if (id === undefined) throw new Fault('not_found', 'There is no such entry.')
      return { body: await scope.transaction((tx) => logs.proveInclusion(tx, id)) }
    },
  }),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log/consistency',
    tag,
    summary: 'Proof that an earlier log is a beginning of a later one',
    query: ConsistencyQuery,
    reply: Consistency,
    async run({ scope }, { query: { from, to } }) {
      const proof = await scope.transaction((tx) => logs.proveConsistency(tx, from, to))
      return { body: { from, to, proof: proof.map((hash) => hash.toString('base64')) } }
    },
  }),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log/checkpoint',
    tag,
    summary: 'The newest signed checkpoint (C2SP tlog-checkpoint), with the lines of witnesses that have cosigned it',
    query: CheckpointQuery,
    reply: Type.String(),
    contentType: plain,
    async run({ scope }, { query }) {
      if (query.witnessed !== true) return { body: await scope.transaction(logs.checkpoint) }
      const witnessed = await scope.transaction(logs.witnesses.witnessed)
      if (!witnessed) throw new Fault('not_found', 'No checkpoint is cosigned by as many witnesses as the quorum asks.')
      return { body: witnessed.note }
    },
  }),
  route({
    ...none,
    method: 'GET',
    path: '/v1/log/tile/*',
    tag,
    summary: 'A tile or a bundle of entries (C2SP tlog-tiles)',
    params: TileParams,
    reply: Bytes,
    contentType: binary,
    async run({ scope }, { params }) {
      const body = await scope.transaction((tx) => logs.tile(tx, params['*']))
      return { body, headers: { 'cache-control': 'private, max-age=31536000, immutable' } }
    },
  }),
]

function toStatus({ head, last }: Awaited<ReturnType<Logs['status']>>) {
  return {
    origin: head.origin,
    size: Number(head.size),
    checkpoint: last
      ? { size: Number(last.size), root: last.root.toString('base64'), signed_at: rfc3339(last.at.getTime()) }
      : null,
    public: head.isPublic,
  }
}
