/** From the Authorization header to a principal. */
import { Fault } from '#kernel/fault'
import type { Principal } from '#platform/access'

export type AuthenticateKey = (token: string, ip: string) => Promise<Principal>

/** Throws `unauthenticated`. Keys travel in this header alone: addresses end up in logs and histories. */
export async function authenticate(
  authorization: string | undefined,
  ip: string,
  keys: AuthenticateKey,
): Promise<Principal> {
  const token = /^bearer +([\w-]{1,256})$/i.exec(authorization ?? '')?.[1]
  if (!token)
    throw new Fault('unauthenticated', 'Send a key: Authorization: Bearer vch_live_…', { internal: 'no bearer token' })
  return keys(token, ip)
}
