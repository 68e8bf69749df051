/** Policies as they are stored, and as they come in. */
import { type CompiledPolicy, compilePolicy, type PolicyDocument, type PolicyError } from '#engine/decide'
import { canonicalJson } from '#kernel/canonical-json'
import { refuseCardNumber } from '#kernel/card-number'
import { Fault } from '#kernel/fault'

/** Stored documents were compiled before they were stored, so their form is known. */
export const toDocument = (bytes: Buffer): PolicyDocument => JSON.parse(bytes.toString())
export const toBytes = (document: PolicyDocument): Buffer =>
  Buffer.from(canonicalJson(JSON.parse(JSON.stringify(document))))

export const refuse = (errors: readonly PolicyError[]): Fault =>
  new Fault('invalid_request', 'The policy has errors; `errors` says where. Nothing was stored.', {
    errors: [...errors],
  })

/** A document that may be stored, or `invalid_request` with every place that is wrong. */
export function requirePolicy(document: unknown): CompiledPolicy {
  const result = compilePolicy(document)
  if (!result.ok) throw refuse(result.errors)
  refuseCardNumber({ policy: JSON.parse(JSON.stringify(result.policy.document)) })
  return result.policy
}

export const entityTag = (revision: number): string => `"${revision}"`

/** RFC 9110, 13.1.1: `*` or strong tags. Without the header whatever is there is meant. */
export function requireMatch(ifMatch: string | undefined, revision: number): void {
  if (ifMatch === undefined || (ifMatch.trim() === '*' && revision > 0)) return
  if (ifMatch.split(',').some((tag) => tag.trim() === entityTag(revision))) return
  throw new Fault(
    'precondition_failed',
    'The draft is not the one that If-Match names. Read it again, and send its new ETag.',
  )
}
