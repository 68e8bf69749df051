import { rfc3339 } from '#kernel/clock'
import Type from 'typebox'
import { type Route, route } from '#platform/access'
import { quorumChanged, witnessAdded, witnessRemoved } from '../actions.ts'
import { NewWitness, Nothing, Quorum, Witness, WitnessParams, Witnesses } from './contract.ts'
import { states } from './states.ts'
import type { Witness as StoredWitness } from './store.ts'
import type { Witnesses as WitnessesOf, Witnessing } from './witnesses.ts'

const tag = 'Log witnesses'
const read = {
  permission: 'log:read',
  audit: 'none',
  unrecorded: 'says who witnesses the log, and nothing that is in it',
  rate: 'read',
} as const
const write = { permission: 'log:write', rate: 'write' } as const

export const toWireWitness = (witness: StoredWitness) => ({
  name: witness.name,
  url: witness.url,
  vkeys: witness.vkeys,
  state: witness.state,
  means: states[witness.state],
  detail: witness.detail,
  since: rfc3339(witness.since.getTime()),
  asked_at: witness.askedAt && rfc3339(witness.askedAt.getTime()),
  cosigned_size: Number(witness.seenSize),
  created_at: rfc3339(witness.createdAt.getTime()),
})

export const toWireWitnesses = ({ witnesses, quorum, witnessed }: Witnessing) => ({
  quorum,
  witnessed: witnessed ? { size: Number(witnessed.size), signed_at: rfc3339(witnessed.at.getTime()) } : null,
  data: witnesses.map(toWireWitness),
})

export const witnessRoutes = (witnesses: WitnessesOf): Route[] => [
  route({
    ...read,
    method: 'GET',
    path: '/v1/log/witnesses',
    tag,
    summary: 'Who witnesses the log, what each did last, and the newest checkpoint that enough have cosigned',
    reply: Witnesses,
    async run({ scope }) {
      return { body: toWireWitnesses(await scope.transaction(witnesses.state)) }
    },
  }),
  route({
    ...write,
    method: 'POST',
    path: '/v1/log/witnesses',
    tag,
    summary: 'Let a witness cosign checkpoints (C2SP tlog-witness); it is asked within seconds',
    audit: witnessAdded,
    body: NewWitness,
    reply: Witness,
    status: 201,
    async run({ scope }, { body }) {
      return { status: 201, body: toWireWitness(await scope.transaction((tx) => witnesses.add(tx, body))) }
    },
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/v1/log/witnesses/{name}',
    tag,
    summary: 'Ask a witness no more',
    description: 'Its cosignatures are served no more. They are kept, and served again if it is added again.',
    audit: witnessRemoved,
    params: WitnessParams,
    reply: Nothing,
    status: 204,
    async run({ scope }, { params }) {
      await scope.transaction((tx) => witnesses.remove(tx, params.name))
      return { status: 204, body: null }
    },
  }),
  route({
    ...write,
    method: 'PUT',
    path: '/v1/log/witness-quorum',
    tag,
    summary: 'Set how many witnesses must have cosigned a checkpoint',
    description: 'Nothing waits for them: a quorum that is not met for an hour makes the claim about the trail fail.',
    audit: quorumChanged,
    body: Quorum,
    reply: Witnesses,
    async run({ scope }, { body }) {
      return {
        body: await scope.transaction(async (tx) => {
          await witnesses.setQuorum(tx, body.quorum)
          return toWireWitnesses(await witnesses.state(tx))
        }),
      }
    },
  }),
  route({
    ...read,
    method: 'GET',
    path: '/v1/log/witness-policy',
    tag,
    summary: 'Keys of the log, its witnesses and the quorum, for verifiers (C2SP tlog-policy)',
    reply: Type.String(),
    contentType: 'text/plain; charset=utf-8',
    async run({ scope }) {
      return { body: await scope.transaction(witnesses.policy) }
    },
  }),
]
