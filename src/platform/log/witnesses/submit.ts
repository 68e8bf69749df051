/**
 * One submission to one witness, and what its answer is worth. A witness is not trusted: whatever it says becomes a value,
 * and only a cosignature that fits this very checkpoint counts.
 */
import type { Clock } from '#kernel/clock'
import type { Outbound, OutboundFailure } from '#platform/outbound'
import { formatAddCheckpoint, parseVkeys, readWitnessAnswer, type WitnessAnswer } from '#platform/tlog'
import type { WitnessState } from './states.ts'
import type { Witness } from './store.ts'

export const answerWithinMs = 5_000
const maxAnswerBytes = 64 * 1_024
/** Clocks differ; a cosignature further ahead than this says nothing about when it was made. */
const aheadMs = 5 * 60_000

/** The newest checkpoint, and the proof that a tree of fewer entries is a beginning of it. */
export type Prepared = { size: bigint; note: string; proof: readonly Uint8Array[] }

export type Submission =
  | { state: 'cosigned'; detail: string | null; size: bigint; lines: string }
  | { state: Exclude<WitnessState, 'new' | 'cosigned'>; detail: string | null }

export type SubmitNeeds = {
  outbound: Outbound
  clock: Clock
  /** `undefined` if the log does not have so many entries. Called anew for each try: the log may have grown. */
  prepare(from: number): Promise<Prepared | undefined>
}

export async function submit(
  { url, vkeys, seenSize }: Pick<Witness, 'url' | 'vkeys' | 'seenSize'>,
  needs: SubmitNeeds,
): Promise<Submission> {
  const seen = Number(seenSize)
  const first = await submitFrom(seen)
  if (!('retryFrom' in first)) return first
  const from = first.retryFrom
  const second = await submitFrom(from)
  if ('retryFrom' in second) return { state: 'stale', detail: `it said ${from} entries, then ${second.retryFrom}` }
  if (second.state !== 'cosigned' || from >= seen) return second
  return { ...second, detail: `it had cosigned ${seen} entries, and said ${from}` }

  async function submitFrom(from: number): Promise<Submission | { retryFrom: number }> {
    const prepared = await needs.prepare(from)
    if (!prepared) return { state: 'rolled_back', detail: `it has cosigned ${from} entries` }
    const request = { oldSize: from, proof: prepared.proof, checkpoint: prepared.note }
    const result = await needs.outbound.request({
      method: 'POST',
      url: `${url}/add-checkpoint`,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: formatAddCheckpoint(request),
      timeoutMs: answerWithinMs,
      maxAnswerBytes,
    })
    if (!result.ok) return { state: stateOf[result.why], detail: result.why }
    const type = result.headers['content-type']
    const contentType = typeof type === 'string' ? type : undefined
    const answer = readWitnessAnswer({ ...result, contentType }, request, parseVkeys(vkeys))
    return judge(answer, prepared.size, needs.clock.now())
  }
}

const stateOf: Readonly<Record<OutboundFailure, 'absent' | 'unusable'>> = {
  refused_request: 'unusable',
  refused_address: 'absent',
  insecure: 'absent',
  untrusted: 'absent',
  unreachable: 'absent',
  timeout: 'absent',
  too_large: 'unusable',
}

function judge(answer: WitnessAnswer, size: bigint, nowMs: number): Submission | { retryFrom: number } {
  switch (answer.kind) {
    case 'cosigned': {
      const { lines, cosignatures } = answer
      if (cosignatures.some(({ timeMs }) => timeMs === 0)) return { state: 'lying', detail: 'it cosigned at no time' }
      if (cosignatures.some(({ timeMs }) => timeMs > nowMs + aheadMs))
        return { state: 'lying', detail: 'it cosigned in the future' }
      return { state: 'cosigned', detail: null, size, lines }
    }
    case 'stale':
      return { retryFrom: answer.size }
    case 'lying':
      return { state: 'lying', detail: answer.why.slice(0, 500) }
    case 'malformed':
      return { state: 'unusable', detail: 'status 400' }
    case 'unusable':
      return { state: 'unusable', detail: `status ${answer.status}` }
    default:
      return { state: answer.kind, detail: null }
  }
}
