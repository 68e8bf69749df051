/** Policies for tests: published over HTTP, and such that an answer tells what was counted. */
import assert from 'node:assert/strict'
import { defaultPolicy, type PolicyDocument, type PolicyFactor } from '#engine/decide'
import type { Client } from './index.ts'

/** Saves the document as the draft and publishes it. Answers its version. */
export async function publish(client: Client, document: PolicyDocument): Promise<number> {
  const saved = await client.put('/v1/policy/draft', document)
  assert.equal(saved.status, 200, saved.text)
  const version: number = (await client.get('/v1/policy')).body.version + 1
  const done = await client.post('/v1/policy/publish', { version })
  assert.equal(done.status, 200, done.text)
  return version
}

const factorIdOf = (signal: string): string => signal.replaceAll('.', '__')

/** Factors that earn nothing: their raw values are those of the signals. */
export const showing = (...signals: readonly string[]): PolicyFactor[] =>
  signals.map((cel) => ({ id: factorIdOf(cel), weight: 0, cel, points_if_missing: 0, reason: 'Shown.' }))

type Answered = { factors: readonly { id: string; raw: number | null }[] }
/** What an answer says of a signal that `showing` shows. Null if it is missing. */
export function shownIn({ factors }: Answered, signal: string): number | null {
  const factor = factors.find(({ id }) => id === factorIdOf(signal)) ?? assert.fail(`${signal} is not shown`)
  return factor.raw
}

/** Five approvals of a user in an hour, and no more; the answer shows how many tries and approvals came before. */
export const atMostFive: PolicyDocument = {
  ...defaultPolicy,
  factors: [...defaultPolicy.factors, ...showing('user.attempts_1h', 'user.approved_1h')],
  rules: [{ id: 'five', when: 'user.approved_1h >= 5', then: 'decline', reason: 'Five an hour.' }],
}
