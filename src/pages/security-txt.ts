/** `/.well-known/security.txt` (RFC 9116): whom to tell about a weakness. */
import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Site } from './layout.ts'
import { dayMs } from './time.ts'

/** How long the contact counts as alive without being asked for again: half of the year that the RFC advises at most. */
const validMs = 182 * dayMs

/** Throws `not_found` while the operator has named nobody. */
export function securityTxt({ contacts, origin }: Site, nowMs: number): string {
  const { security } = contacts
  if (security === undefined)
    throw new Fault(
      'not_found',
      'The operator of this installation has not said whom to tell about weaknesses. Operators: set VOUCH_CONTACT_SECURITY.',
    )
  const expires = Math.floor(nowMs / dayMs) * dayMs + validMs
  return [
    `Contact: ${security.startsWith('https://') ? security : `mailto:${security}`}`,
    `Expires: ${rfc3339(expires)}`,
    'Preferred-Languages: en, sv',
    // An address there begins with https://, which an installation without a name has not.
    ...(origin.startsWith('https://') ? [`Canonical: ${origin}/.well-known/security.txt`] : []),
    '',
  ].join('\n')
}
