import { type Route, route } from '#platform/access'
import { followerStarted, followerStopped } from '../actions.ts'
import {
  Acknowledgement,
  EntryPage,
  Follower,
  FollowerEntryQuery,
  FollowerParams,
  Followers,
  NewFollower,
  Nothing,
} from '../contract.ts'
import type { Logs } from '../index.ts'
import { toWireEntry, toWireFollower } from '../wire.ts'

const tag = 'Log followers'
const unrecorded = 'a row for each look would itself be an entry, and whoever follows would never come to the end'
const read = { permission: 'log:read', audit: 'none', unrecorded, rate: 'read' } as const
const write = { permission: 'log:write', rate: 'write' } as const

export const followerRoutes = ({ following }: Logs): Route[] => [
  route({
    ...read,
    method: 'GET',
    path: '/v1/log/followers',
    tag,
    summary: 'Who follows the log, and how far they have come',
    reply: Followers,
    async run({ scope }) {
      return { body: { data: (await scope.transaction(following.followers)).map(toWireFollower) } }
    },
  }),
  route({
    ...write,
    method: 'PUT',
    path: '/v1/log/followers/{name}',
    tag,
    summary: 'Begin to follow; a follower that exists stays where it is',
    audit: followerStarted,
    params: FollowerParams,
    body: NewFollower,
    reply: Follower,
    async run({ scope }, { params, body }) {
      const follower = await scope.transaction((tx) => following.start(tx, params.name, body.position))
      return { body: toWireFollower(follower) }
    },
  }),
  route({
    ...read,
    method: 'GET',
    path: '/v1/log/followers/{name}/entries',
    tag,
    summary: 'Entries that the follower has not acknowledged, oldest first',
    params: FollowerParams,
    query: FollowerEntryQuery,
    reply: EntryPage,
    async run({ scope }, { params, query: { limit = 50, wait_seconds = 0 } }) {
      const after = Number((await scope.transaction((tx) => following.follower(tx, params.name))).position)
      const entries = await following.readOrWait(scope, after, limit, wait_seconds * 1_000)
      return { body: { data: entries.map(toWireEntry), next_after: after + entries.length } }
    },
  }),
  route({
    ...write,
    method: 'POST',
    path: '/v1/log/followers/{name}/acknowledge',
    tag,
    summary: 'Say that entries are done: the follower moves, once',
    description:
      'Refused with 409 if the follower is elsewhere, so that two workers cannot both take the same entries for theirs.',
    audit: 'none',
    unrecorded,
    params: FollowerParams,
    body: Acknowledgement,
    reply: Follower,
    async run({ scope }, { params, body: { from, to } }) {
      const follower = await scope.transaction((tx) => following.acknowledge(tx, params.name, from, to))
      return { body: toWireFollower(follower) }
    },
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/v1/log/followers/{name}',
    tag,
    summary: 'Stop following',
    audit: followerStopped,
    params: FollowerParams,
    reply: Nothing,
    status: 204,
    async run({ scope }, { params }) {
      await scope.transaction((tx) => following.stop(tx, params.name))
      return { status: 204, body: null }
    },
  }),
]
